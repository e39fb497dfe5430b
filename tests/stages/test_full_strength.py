"""At a strength of 1 a stage forgets the picture; at small ones it stays near to it."""

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig

QUICK = {"prompt": "a red ball", "steps": 3, "width": 64, "height": 64, "seed": 7}
INSIDE = slice(16, 48)


def scene(level):
    """A picture whose middle is of one grey, its rim the same for all."""
    pixels = np.random.default_rng(3).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    pixels[INSIDE, INSIDE] = level
    return Image.fromarray(pixels)


@pytest.fixture
def mask(bench):
    levels = np.zeros((64, 64), np.uint8)
    levels[INSIDE, INSIDE] = 255
    return bench.keep(Image.fromarray(levels))


@pytest.fixture
def draw(bench):
    def run(picture, **settings):
        return bench.enhance(picture, PipelineConfig.parse(QUICK | settings), save=False)

    return run


def settings_of(stage, strength, mask):
    """Settings in which that stage draws the middle, or all of the picture."""
    own = {"denoising_strength": strength}
    part = {"mask": mask, "mask_blur": 0}
    if stage == "inpaint":
        return {"mode": stage, stage: own | part}
    if stage == "img2img":
        return {"mode": stage, stage: own}
    if stage == "face":
        return {"mode": "enhance", stage: own | part | {"enabled": True, "grow": 0}}
    return {"mode": "enhance", stage: {**own, "enabled": True, "scale": 1.0}}


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["img2img", "inpaint", "refiner", "face", "upscaler"])
def test_at_strength_1_what_was_there_cannot_be_seen_in_what_is_drawn(draw, mask, stage):
    def middles(strength):
        settings = settings_of(stage, strength, mask)
        images = [draw(scene(level), **settings).image for level in (0, 255)]
        return [np.asarray(image)[INSIDE, INSIDE].astype(int) for image in images]

    if stage in {"img2img", "refiner", "upscaler"}:
        # All of the picture is drawn, so all of it is forgotten.
        settings = settings_of(stage, 1.0, mask)
        whole = [draw(Image.new("RGB", (64, 64), (n, n, n)), **settings).image for n in (0, 255)]
        assert whole[0].tobytes() == whole[1].tobytes()
    dark, light = middles(1.0)
    assert np.array_equal(dark, light)
    dark, light = middles(0.6)
    assert np.abs(dark - light).mean() > 2


@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M", "DDIM", "LMS", "DPM++ SDE"])
def test_image_to_image_at_strength_1_is_text_to_image(bench, draw, sampler):
    settings = {"sampler": sampler, "schedule": "simple"}
    from_noise = bench.execute(PipelineConfig.parse(QUICK | settings), save=False)
    forgotten = draw(scene(90), mode="img2img", img2img={"denoising_strength": 1.0}, **settings)
    assert forgotten.image.tobytes() == from_noise.image.tobytes()


def test_the_rim_that_is_kept_is_there_from_the_first_step(draw, mask):
    """Painting begins from noise alone, but sees around itself what is kept."""
    settings = settings_of("inpaint", 1.0, mask) | {"steps": 1, "sampler": "Euler"}
    plain = np.asarray(scene(90))
    grey = plain.copy()
    grey[:16] = 128
    one, other = (np.asarray(draw(Image.fromarray(p), **settings).image) for p in (plain, grey))
    assert not np.array_equal(one[INSIDE, INSIDE], other[INSIDE, INSIDE])


@pytest.mark.parametrize(("steps", "strength"), [(20, 0.15), (30, 0.1)])
def test_lms_begun_late_stays_as_near_to_the_picture_as_euler(draw, steps, strength):
    picture = scene(90)
    near = {}
    for sampler in ("Euler", "LMS"):
        settings = {"mode": "img2img", "img2img": {"denoising_strength": strength}}
        drawn = draw(picture, **settings | {"sampler": sampler, "schedule": "normal"}, steps=steps)
        near[sampler] = np.asarray(drawn.image).astype(int)
    assert np.abs(near["LMS"] - near["Euler"]).mean() < 5


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", ["LCM", "DDIM", "DDPM", "Euler", "DPM++ 2M"])
@pytest.mark.parametrize("strength", [0.01, 1 / 61, 0.0001])
def test_any_strength_above_0_draws_one_step_at_least(draw, sampler, strength):
    settings = {"mode": "img2img", "img2img": {"denoising_strength": strength}}
    run = draw(scene(90), sampler=sampler, **settings)
    told = run.record["stages"][-2]["applied"]
    assert told["steps"] == 1
    assert told["strength"] == round(strength, 4)


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DDIM", "DPM2 a", "LMS"])
def test_one_step_makes_a_picture(bench, sampler):
    run = bench.execute(PipelineConfig.parse(QUICK | {"steps": 1, "sampler": sampler}), save=False)
    assert run.record["stages"][1]["applied"]["model_calls"] == 1
