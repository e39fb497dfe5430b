"""The upscaler enlarges, and draws again in tiles where it is asked to."""

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.diffusion.denoising import denoise
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.latents import encode_image
from medialab.errors import CancelledError
from medialab.stage import Frame
from medialab.stages.upscaler import UpscalerConfig, UpscalerStage

TILED = {"denoising_strength": 0.5, "steps": 4, "diffusion_tile": 64, "diffusion_overlap": 16}


@pytest.fixture
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (64, 72, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.fixture
def settings_of(config):
    def make(**settings):
        own = config.changed(upscaler={"enabled": True, **settings})
        return own.settings_for("upscaler", UpscalerConfig)

    return make


@pytest.fixture
def upscale(settings_of, context, picture):
    def run(given=None, **settings):
        return UpscalerStage().run(
            Frame(image=picture), settings_of(**settings), given or context()
        )

    return run


def test_it_is_drawn_again_at_the_larger_size(upscale):
    enlarged, drawn = upscale(), upscale(**TILED)
    assert enlarged.image.size == drawn.image.size == (144, 128)
    assert enlarged.image.tobytes() != drawn.image.tobytes()
    applied = drawn.applied["upscaler"]
    assert applied["tiles"] == {"count": 9, "tile": 64, "overlap": 16}
    assert applied["model_calls"] == 2
    assert upscale(**TILED).image.tobytes() == drawn.image.tobytes()


@pytest.mark.thorough
@pytest.mark.parametrize("change", [{"seed": 5}, {"prompt": "a tree"}, {"steps": 6}], ids=str)
def test_what_a_stage_may_set_for_itself_decides_the_picture(upscale, change):
    assert upscale(**TILED).image.tobytes() != upscale(**TILED | change).image.tobytes()


def test_its_own_prompts_loras_and_checkpoint_are_asked_for_only_where_it_draws(settings_of):
    own = {"checkpoint": "paperdoll-edit", "prompt": "<lora:ink:1>"}
    names = [
        [model.name for model in UpscalerStage().models(settings_of(**own, **changed))]
        for changed in ({}, {"denoising_strength": 0.3})
    ]
    assert names == [[], ["paperdoll-edit", "ink"]]


def test_one_tile_for_all_is_image_to_image_byte_for_byte(upscale, settings_of, model, picture):
    tiled = upscale(**TILED | {"diffusion_tile": 256}).image
    enlarged = picture.resize((144, 128), Image.Resampling.LANCZOS)
    drawing = Drawing(model)
    untiled = denoise(
        drawing,
        "image-to-image",
        settings_of(**TILED).sampling(),
        lambda *_step: None,
        image=encode_image(drawing, enlarged),
        strength=0.5,
    ).image
    assert tiled.tobytes() == untiled.tobytes()


def test_every_tile_of_every_step_is_told_and_may_stop_the_work(upscale, context):
    listening = context()
    upscale(listening, **TILED)
    counted = [done for done, count in listening.told if count == 2 * 9]
    assert sorted(set(counted)) == list(range(1, 19))
    stopped = context(steps_left=5)
    with pytest.raises(CancelledError):
        upscale(stopped, **TILED)
    assert len(stopped.told) == 6
    assert upscale(**TILED).image.tobytes() == upscale(**TILED).image.tobytes()


@pytest.fixture(scope="module")
def paperdoll(tmp_path_factory):
    """The real one."""
    with Workbench(outputs=tmp_path_factory.mktemp("real"), device="cpu") as bench:
        yield bench


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["constant", "gradient"])
def test_smooth_pictures_show_no_seam(paperdoll, kind):
    """With the real paperdoll, 128 to 256 pixels in nine tiles."""
    across = np.linspace(60, 200, 128)[None, :, None] if kind == "gradient" else 120
    levels = np.broadcast_to(across, (128, 128, 3)).astype(np.uint8)
    upscaler = {"enabled": True, "denoising_strength": 0.4, "steps": 5}
    config = PipelineConfig(prompt="", seed=3, upscaler=upscaler)
    run = paperdoll.enhance(Image.fromarray(levels), config, save=False)
    pixels = np.asarray(run.image.convert("L")).astype(float)
    assert pixels.shape == (256, 256)
    steps = np.abs(np.diff(pixels, axis=1)).mean(0)
    edges = [63, 127, 191]  # tiles of 128 that share 64: at 0, 64 and 128
    within = [step for at, step in enumerate(steps) if at not in edges]
    assert max(steps[edges]) <= max(within)
