"""The text-to-image stage: what its settings change in the picture."""

import numpy as np
import pytest
import torch

from medialab.errors import CancelledError, NotFiniteError
from medialab.settings.samplers import SAMPLERS
from medialab.stage import Frame
from medialab.stages.prompt import PromptStage
from medialab.stages.txt2img import Txt2ImgStage


@pytest.fixture
def draw(config, context, frame_before):
    """Runs the stage with some settings changed."""
    frame = frame_before("txt2img")

    def run(given=None, **changes):
        settings = config.model_copy(update=changes).settings_for("txt2img", Txt2ImgStage.settings)
        return Txt2ImgStage().run(frame, settings, given or context())

    return run


def test_the_picture_has_the_size_that_was_asked(draw):
    assert draw(width=96, height=64).image.size == (96, 64)
    assert draw(width=96, height=64).image.mode == "RGB"


@pytest.mark.parametrize(
    "change",
    [{"seed": 2}, {"steps": 4}, {"guidance_scale": 9.0}, {"sampler": "Euler a"}],
    ids=str,
)
def test_every_setting_changes_the_picture(draw, change):
    assert draw().image.tobytes() != draw(**change).image.tobytes()


@pytest.fixture
def draw_prompt(config, context):
    """Runs the prompt stage and this one."""

    def run(prompt, **changes):
        changed = config.model_copy(update={"prompt": prompt, **changes})
        frame = Frame()
        for stage in (PromptStage(), Txt2ImgStage()):
            frame = stage.run(frame, changed.settings_for(stage.name, stage.settings), context())
        return frame.image.tobytes()

    return run


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_takes_schedules_alternation_and_and(draw_prompt, sampler):
    prompts = [
        "a red hat",
        "a [red:blue:1] hat",
        "a [red|blue|tall] hat",
        "a red hat AND rain :0.5",
    ]
    pictures = [draw_prompt(prompt, sampler=sampler, steps=4) for prompt in prompts]
    assert len(set(pictures)) == len(prompts)
    assert pictures == [draw_prompt(prompt, sampler=sampler, steps=4) for prompt in prompts]


def test_a_schedule_that_never_changes_is_the_plain_prompt(draw_prompt):
    assert draw_prompt("a [red::90] hat") == draw_prompt("a red hat")
    assert draw_prompt("a [red:blue:0] hat") == draw_prompt("a blue hat")


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_makes_the_same_picture_twice(draw, sampler):
    once, again = draw(sampler=sampler), draw(sampler=sampler)
    assert once.image.tobytes() == again.image.tobytes()
    assert np.asarray(once.image).std() > 0


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_tells_its_last_step(draw, context, sampler):
    listening = context()
    draw(listening, sampler=sampler)
    step, steps = listening.told[-1]
    assert step == steps


def test_the_global_random_state_is_neither_used_nor_changed(draw):
    torch.manual_seed(1)
    once, state = draw(), torch.get_rng_state()
    torch.manual_seed(2)
    assert draw().image.tobytes() == once.image.tobytes()
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_cancel_stops_at_the_step_and_the_next_picture_is_as_ever(draw, context):
    expected = draw()
    stopped = context(steps_left=1)
    with pytest.raises(CancelledError):
        draw(stopped)
    assert len(stopped.told) == 2
    assert draw().image.tobytes() == expected.image.tobytes()


def test_nan_is_an_error_and_never_a_black_picture(draw, model, monkeypatch):
    decode = model.components["vae"].decode
    monkeypatch.setattr(
        model.components["vae"],
        "decode",
        lambda *args, **options: (decode(*args, **options)[0] * float("nan"),),
    )
    with pytest.raises(NotFiniteError, match="NaN"):
        draw()


def test_the_record_names_what_ran(draw):
    applied = draw(sampler="Heun").applied["txt2img"]
    assert applied["scheduler"] == "HeunDiscreteScheduler"
    assert applied["schedule"] == "normal"  # what automatic means for Heun
    assert applied["pipeline"] == "StableDiffusionPipeline"
    assert applied["model_calls"] == 5  # two a step, one in the last


@pytest.mark.parametrize("sampler", ["Euler", "Euler a"])
def test_a_variation_leads_from_one_seed_to_another(draw, sampler):
    def varied(strength):
        return draw(sampler=sampler, variation_seed=9, variation_strength=strength).image

    plain, other = draw(sampler=sampler).image, draw(sampler=sampler, seed=9).image
    assert varied(0.0).tobytes() == plain.tobytes()
    between = varied(0.4)
    assert between.tobytes() not in {plain.tobytes(), other.tobytes()}
    if sampler == "Euler":  # Euler a goes on with the first seed's noise
        assert varied(1.0).tobytes() == other.tobytes()


def test_the_record_names_the_variation(draw):
    applied = draw(variation_seed=9, variation_strength=0.25).applied["txt2img"]
    assert applied["variation"] == {"seed": 9, "strength": 0.25}
    assert "variation" not in draw().applied["txt2img"]
