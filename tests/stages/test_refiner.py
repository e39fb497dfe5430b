"""The refiner follows the hires fix's rules of size and steps."""

import numpy as np
import pytest
from PIL import Image

from medialab.errors import ConfigError
from medialab.settings.steps import steps_behind
from medialab.stage import Frame
from medialab.stages.refiner import RefinerConfig, RefinerStage


@pytest.fixture
def refine(config, context):
    """Runs the stage on a picture that is grey but for a red left and a blue right edge."""
    pixels = np.full((64, 96, 3), 128, np.uint8)
    pixels[:, :8], pixels[:, -8:] = (255, 0, 0), (0, 0, 255)
    image = Image.fromarray(pixels)

    def run(**settings):
        own = config.changed(refiner={"enabled": True, **settings})
        return RefinerStage().run(
            Frame(image=image), own.settings_for("refiner", RefinerConfig), context()
        )

    return run


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M", "DDIM", "UniPC"])
@pytest.mark.parametrize(("steps", "strength"), [(3, 0.7), (5, 0.3), (4, 1.0), (1, 0.5)])
def test_as_many_steps_run_as_are_set_whatever_the_strength(refine, sampler, steps, strength):
    schedule = "simple"
    applied = refine(
        scale=1.0, steps=steps, denoising_strength=strength, sampler=sampler, schedule=schedule
    ).applied["refiner"]
    assert applied["model_calls"] == steps


def test_steps_that_are_not_set_are_the_first_passs(refine, config):
    assert refine(scale=1.0).applied["refiner"]["model_calls"] == config.steps == 3


@pytest.mark.parametrize(
    ("steps", "strength", "total"),
    [(20, 0.7, 28), (20, 0.75, 26), (10, 1.0, 10), (20, 0.01, 999), (18, 0.295, 61)],
)
def test_the_whole_schedule_is_a1111s(steps, strength, total):
    assert steps_behind("Euler", "simple", steps, strength) == total


def test_a_schedule_that_cannot_be_spread_so_far_is_refused_before_anything_is_drawn(config):
    with pytest.raises(ConfigError, match=r"refiner: 20 steps at denoising strength 0\.3 are the"):
        config.changed(
            steps=20, sampler="LCM", refiner={"enabled": True, "denoising_strength": 0.3}
        )


@pytest.mark.parametrize("upscaler", ["lanczos", "latent"])
@pytest.mark.parametrize("strength", [0.0, 0.01])
def test_with_both_sides_set_the_picture_covers_them_and_is_cut_evenly(refine, upscaler, strength):
    frame = refine(width=96, height=96, upscaler=upscaler, denoising_strength=strength, steps=1)
    assert frame.image.size == (96, 96)
    if strength == 0:
        # Stretched instead, the coloured edges would still be there.
        colours = np.asarray(frame.image).astype(int)
        assert np.ptp(colours, axis=2).max() < 30
    tall = refine(width=64, height=None, upscaler=upscaler, denoising_strength=0)
    assert tall.image.size == (64, 40)  # 42.7 in multiples of 8
