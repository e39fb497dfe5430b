"""Image to image: the four ways to bring a picture to size, and the steps that are run."""

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.settings.choices import LATENT_RESIZE, RESIZE_MODES

QUICK = {"prompt": "a red ball", "steps": 4, "width": 96, "height": 128, "seed": 7}


@pytest.fixture
def picture(bench):
    noise = np.random.default_rng(3).integers(0, 255, (64, 72, 3), dtype=np.uint8)
    return bench.keep(Image.fromarray(noise))


@pytest.fixture
def draw(bench, picture):
    """Draws the picture again, at another size."""

    def run(**settings):
        config = PipelineConfig(**QUICK | {"mode": "img2img", "image": picture} | settings)
        return bench.execute(config, save=False)

    return run


def test_the_four_ways_of_resizing_give_four_pictures_of_the_size(draw):
    runs = [draw(resize_mode=mode) for mode in RESIZE_MODES]
    assert {run.image.size for run in runs} == {(96, 128)}
    assert len({run.image.tobytes() for run in runs}) == len(RESIZE_MODES) == 4


def test_latents_are_stretched_from_the_pictures_own(draw, picture):
    run = draw(resize_mode=LATENT_RESIZE)
    told = {stage["name"]: stage["applied"] for stage in run.record["stages"]}
    assert told["source"] == {"width": 72, "height": 64}
    # At the picture's own size there is nothing to stretch.
    same = [
        draw(resize_mode=mode, width=None, height=None) for mode in (RESIZE_MODES[0], LATENT_RESIZE)
    ]
    plain, stretched = [run.image for run in same]
    assert plain.size == stretched.size == (72, 64)
    assert plain.tobytes() == stretched.tobytes()


def test_at_strength_0_it_is_enlarged_and_no_more(draw, bench, picture):
    image = draw(resize_mode=LATENT_RESIZE, img2img={"denoising_strength": 0}).image
    wanted = bench.pictures.load(picture).resize((96, 128), Image.Resampling.LANCZOS)
    assert image.tobytes() == wanted.tobytes()


def test_a_stretch_is_the_same_from_the_cache(bench, draw):
    first = draw(resize_mode=LATENT_RESIZE)
    again = bench.rerun(first, from_stage="img2img", save=False)
    assert {one["name"]: one["cached"] for one in again.record["stages"]}["source"]
    assert again.image.tobytes() == first.image.tobytes()


@pytest.mark.parametrize("mode", ["inpaint", "outpaint", "instruct", "enhance"])
def test_where_no_latents_are_made_of_the_picture_it_is_refused(mode):
    with pytest.raises(ConfigError, match=r"is for mode 'img2img'.*crop and resize"):
        PipelineConfig.parse({"mode": mode, "resize_mode": LATENT_RESIZE})


def test_the_strengths_share_of_the_steps_is_run(draw):
    for strength, calls in ((0.5, 2), (0.75, 3), (1.0, 4), (0.1, 1)):
        run = draw(img2img={"denoising_strength": strength}, sampler="Euler")
        told = {stage["name"]: stage["applied"] for stage in run.record["stages"]}
        assert told["img2img"]["model_calls"] == calls
