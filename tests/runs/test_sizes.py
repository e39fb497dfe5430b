"""A picture keeps its own size, and outside what is drawn every byte, whatever is done to it."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import CancelledError, ConfigError
from medialab.pixels.geometry import Box
from medialab.pixels.masks import blur_radius, box_mask
from medialab.runs.plan import stages_of
from medialab.runs.sizes import check_sizes, sizes_of
from medialab.settings.choices import CONTROL_RESIZE_MODES, LATENT_RESIZE

SIZES = [(101, 135), (40, 40), (67, 200)]
QUICK = {"prompt": "a red ball", "steps": 2, "seed": 3, "sampler": "Euler"}
ENLARGED = {"enabled": True, "scale": 1.5}


def noise(width, height):
    levels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(levels)


def differs(one, other):
    return np.any(np.asarray(one) != np.asarray(other), axis=2)


def times(size, scale):
    return tuple(round(side * scale) for side in size)


@pytest.fixture
def enhance(bench):
    """Works on a picture; gives the run."""

    def run(picture, **settings):
        return bench.enhance(picture, PipelineConfig.parse(QUICK | settings), save=False)

    return run


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_with_nothing_on_the_picture_is_the_picture(enhance, size):
    picture = noise(*size)
    run = enhance(picture)
    assert run.image.tobytes() == picture.tobytes()
    assert (run.config.width, run.config.height) == size


@pytest.mark.thorough
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("stage", ["detailer", "whole detailer", "inpaint", "only masked"])
def test_what_is_far_from_a_mask_keeps_every_byte(bench, enhance, size, stage):
    picture, spot = noise(*size), Box(10, 12, 24, 26)
    own = {"mask": bench.keep(box_mask(spot, *size)), "mask_blur": 1, "denoising_strength": 0.8}
    if "detailer" in stage:
        settings = {"face": own | {"enabled": True, "only_masked": stage == "detailer", "grow": 2}}
        reached = spot.padded(2 + blur_radius(1))
    else:
        settings = {"mode": "inpaint", "inpaint": own | {"only_masked": stage == "only masked"}}
        reached = spot.padded(blur_radius(1))
    image = enhance(picture, **settings).image
    assert image.size == size
    changed = differs(image, picture)
    assert changed[spot.top : spot.bottom, spot.left : spot.right].mean() > 0.5
    changed[reached.top : reached.bottom, reached.left : reached.right] = False
    assert not changed.any()


@pytest.mark.thorough
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        ({"mode": "img2img"}, 1),
        ({"mode": "img2img", "resize_mode": LATENT_RESIZE}, 1),
        ({"mode": "img2img", "img2img": {"denoising_strength": 0}}, 1),
        ({"refiner": ENLARGED}, 1.5),
        ({"refiner": ENLARGED | {"upscaler": "lanczos"}}, 1.5),
        ({"refiner": ENLARGED | {"denoising_strength": 0}}, 1.5),
        ({"upscaler": ENLARGED}, 1.5),
        ({"upscaler": ENLARGED | {"denoising_strength": 0.5, "diffusion_tile": 64}}, 1.5),
        ({"refiner": ENLARGED, "upscaler": {"enabled": True, "scale": 2}}, 3),
    ],
    ids=str,
)
def test_a_picture_of_any_size_comes_back_at_its_size_times_the_scale(
    enhance, size, settings, scale
):
    picture = noise(*size)
    image = enhance(picture, **settings).image
    assert all(
        abs(side - wanted) <= 1 for side, wanted in zip(image.size, times(size, scale), strict=True)
    )
    if scale == 1.5:
        assert image.size == times(size, scale)


def test_a_border_is_painted_around_every_byte_of_a_picture_of_any_size(enhance):
    picture = noise(101, 135)
    own = {"left": 13, "right": 0, "top": 8, "bottom": 3, "mask_blur": 0}
    image = enhance(picture, mode="outpaint", outpaint=own).image
    assert image.size == (114, 146)
    assert image.crop((13, 8, 114, 143)).tobytes() == picture.tobytes()


def test_what_is_drawn_is_what_the_padded_picture_becomes_cut_back(enhance):
    """The same as when a person repeats the edge to whole blocks by hand."""
    picture = noise(101, 135)
    edge = ((0, 1), (0, 3), (0, 0))
    by_hand = Image.fromarray(np.pad(np.asarray(picture), edge, mode="edge"))
    own, other = (enhance(one, mode="img2img").image for one in (picture, by_hand))
    assert own.tobytes() == other.crop((0, 0, 101, 135)).tobytes()


@pytest.mark.parametrize("size", [(100, 67), (96, 128)], ids=str)
def test_a_new_picture_has_the_size_that_was_asked_whatever_it_is(bench, size):
    asked = dict(zip(("width", "height"), size, strict=True))
    run = bench.execute(PipelineConfig(**QUICK, **asked))
    assert run.image.size == size
    again = bench.artifacts.load(run.artifact.path)
    assert (again.width, again.height) == size
    assert f"Size: {size[0]}x{size[1]}" in Image.open(run.artifact.path).text["parameters"]
    assert bench.execute(again, save=False).image.tobytes() == run.image.tobytes()


def test_a_sidecar_of_a_size_in_blocks_is_made_again_at_that_size(bench, enhance):
    """As the studio wrote them when pictures were brought to multiples of 8."""
    old = bench.resolve(
        PipelineConfig(**QUICK, mode="enhance", image=bench.keep(noise(101, 135)), width=104)
    )
    old = old.model_copy(update={"height": 136})
    assert bench.execute(old, save=False).image.size == (104, 136)


@pytest.mark.thorough
@pytest.mark.parametrize("mode", CONTROL_RESIZE_MODES)
@pytest.mark.parametrize("stage", ["inpaint", "detailer", "edited"])
def test_a_mask_lies_on_what_it_lay_on_however_the_picture_is_brought_to_size(
    bench, enhance, mode, stage
):
    given, to, spot = (128, 64), (64, 80), Box(56, 24, 72, 40)
    mask = bench.keep(box_mask(spot, *given))
    right = {
        "just resize": Box(28, 30, 36, 50),
        "crop and resize": Box(22, 30, 42, 50),
        "resize and fill": Box(28, 36, 36, 44),
    }[mode]
    own = {"mask": mask, "mask_blur": 0, "denoising_strength": 1.0}
    if stage == "inpaint":
        settings = {"mode": "inpaint", "inpaint": own}
    elif stage == "detailer":
        settings = {"face": own | {"enabled": True, "grow": 0}}
    else:
        edit = {"box": right.edges, "mask": mask}
        settings = {"face": {"enabled": True, "mask_blur": 0, "detections": [edit]}}
    sized = {"width": to[0], "height": to[1], "resize_mode": mode}
    picture = Image.new("RGB", given, (120, 120, 120))
    image = enhance(picture, **sized, **settings).image
    found = Box(*Image.fromarray(differs(image, Image.new("RGB", to, (120, 120, 120)))).getbbox())
    assert all(abs(a - b) <= 2 for a, b in zip(found.edges, right.edges, strict=True)), found


def test_a_detailers_mask_goes_into_the_border_and_through_the_hires_fix(bench, enhance):
    picture, spot = Image.new("RGB", (64, 64), (120, 120, 120)), Box(40, 8, 56, 24)
    own = {"enabled": True, "mask": bench.keep(box_mask(spot, 64, 64)), "mask_blur": 0, "grow": 0}
    told = enhance(
        picture,
        mode="outpaint",
        outpaint={"left": 40, "right": 0, "denoising_strength": 0},
        refiner=ENLARGED | {"scale": 2.0, "denoising_strength": 0},
        face=own,
    ).record["stages"]
    (drawn,) = next(one["applied"]["drawn"] for one in told if one["name"] == "face")
    assert drawn["box"] == [160, 16, 192, 48]


def test_a_speck_that_a_person_painted_is_drawn_whatever_detections_must_be(bench, enhance):
    picture, mask = noise(101, 135), Image.new("L", (101, 135), 0)
    mask.putpixel((50, 60), 255)
    own = {"enabled": True, "mask": bench.keep(mask), "mask_blur": 0, "denoising_strength": 1.0}
    image = enhance(picture, face=own | {"grow": -3, "min_size": 50, "min_ratio": 0.5}).image
    assert differs(image, picture).sum() == 1


@pytest.mark.thorough
def test_a_part_of_a_large_photo_costs_what_the_part_costs(bench, enhance):
    """12 megapixels: neither the whole nor a part beyond the model's limit is drawn."""
    picture = Image.new("RGB", (4001, 3001), (90, 110, 130))
    mask = box_mask(Box(100, 100, 2100, 2100), *picture.size)
    own = {"enabled": True, "mask": bench.keep(mask), "detector": "centre"}
    run = enhance(picture, face=own)
    told = next(one["applied"] for one in run.record["stages"] if one["name"] == "face")
    assert max(told["drawn"][0]["size"]) <= 2 * 128
    assert run.image.size == picture.size
    assert run.image.crop((2300, 0, 4001, 3001)).getcolors() == [(1701 * 3001, (90, 110, 130))]


def test_a_control_picture_of_the_given_ones_size_goes_the_same_way():
    from medialab.diffusion.control import shown_of
    from medialab.pixels.geometry import placement
    from medialab.settings.control_units import ControlUnit

    class Kept:
        def picture(self, name, use):
            return box_mask(Box(56, 24, 72, 40), 128, 64)

    step = placement((128, 64), (64, 80), "resize and fill")
    worked_on = Image.new("RGB", (64, 80))
    unit = ControlUnit(model="lines", image="a" * 64)
    shown = shown_of(unit, worked_on, (64, 80), Kept(), [step])
    assert shown.size == (64, 80)
    assert Image.fromarray(np.asarray(shown)[..., 0] > 127).getbbox() == (28, 36, 36, 44)
    # Said by the unit, it is as the unit says; and so are pictures of their own.
    own = unit.model_copy(update={"resize_mode": "crop and resize"})
    said = shown_of(own, worked_on, (64, 80), Kept(), [step])
    alone = shown_of(unit, worked_on, (64, 80), Kept(), [])
    assert said.tobytes() == alone.tobytes() != shown.tobytes()


LARGE = (6000, 4000)


def check(settings):
    config = PipelineConfig.parse(settings)
    check_sizes(config, stages_of(config), LARGE)


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        ({"mode": "img2img"}, "img2img draws 6000 × 4000"),
        ({"mode": "instruct"}, "instruct draws 6000 × 4000"),
        ({"mode": "inpaint"}, "inpaint draws 6000 × 4000"),
        ({"mode": "outpaint"}, "outpaint draws 6064 × 4000"),
        ({"mode": "enhance", "refiner": {"enabled": True}}, "refiner draws 12000 × 8000"),
        ({"mode": "enhance", "face": {"enabled": True, "only_masked": False}}, "face draws 6000"),
        ({"mode": "enhance", "upscaler": {"enabled": True, "scale": 8}}, "upscaler would make"),
    ],
    ids=str,
)
def test_what_no_model_can_draw_at_once_is_refused_with_stage_and_size(settings, stage):
    with pytest.raises(ConfigError, match=stage):
        check(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "enhance"},
        {"mode": "enhance", "face": {"enabled": True}},
        {"mode": "enhance", "upscaler": {"enabled": True, "scale": 2}},
        {"mode": "enhance", "refiner": {"enabled": True, "denoising_strength": 0}},
        {"mode": "inpaint", "inpaint": {"only_masked": True}},
        {"mode": "img2img", "img2img": {"denoising_strength": 0}},
        {"mode": "outpaint", "outpaint": {"denoising_strength": 0}},
    ],
    ids=str,
)
def test_what_draws_no_whole_picture_takes_a_large_one(settings):
    check(settings)


def test_a_picture_that_is_too_large_to_draw_is_refused_before_anything_is_queued(bench):
    with pytest.raises(ConfigError, match="img2img draws 4104 × 8"):
        bench.enhance(Image.new("RGB", (4104, 8)), PipelineConfig(mode="img2img"))
    assert not bench.executor.jobs()


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([1.0, 1.3, 2.0]))
def test_the_sizes_told_beforehand_follow_the_stages(width, height, scale):
    config = PipelineConfig.parse(
        {
            "mode": "enhance",
            "refiner": {"enabled": True, "scale": scale, "denoising_strength": 0},
            "upscaler": {"enabled": True, "scale": 2},
        }
    )
    first, refined, last = [
        one.size for one in sizes_of(config, stages_of(config), (width, height))
    ]
    assert first == (width, height)
    assert refined == tuple(max(1, side) for side in times(first, scale))
    assert last == times(refined, 2)


def test_another_picture_has_its_own_size_in_a_run_again(bench, enhance):
    run = enhance(noise(101, 135))
    other = bench.keep(noise(67, 80))
    again = bench.rerun(run, from_stage="source", changes={"image": other}, save=False)
    assert again.image.tobytes() == noise(67, 80).tobytes()
    asked = enhance(noise(101, 135), width=64, height=64)
    again = bench.rerun(asked, from_stage="source", changes={"image": other}, save=False)
    assert again.image.size == (64, 64)


def test_a_start_picture_far_beyond_the_models_size_is_refused_at_once_on_a_cpu(bench):
    photo = bench.keep(Image.new("RGB", (4000, 3000), "teal"))
    config = PipelineConfig(mode="img2img", image=photo, steps=2)
    with pytest.raises(ConfigError, match=r"img2img would draw 4000 × 3000 .* times the area"):
        bench.submit(config)
    assert bench.executor.jobs() == []


def test_a_photo_of_twelve_megapixels_is_drawn_at_the_models_size_if_it_is_fitted(bench):
    photo = bench.keep(Image.new("RGB", (4000, 3000), "teal"))
    steps = []
    forget = bench.executor.listen(lambda event: event.kind == "step" and steps.append(event))
    job = bench.submit(PipelineConfig(mode="img2img", image=photo, steps=2, fit="model"))
    while not steps and job.state in {"queued", "running"}:
        time.sleep(0.01)
    assert steps
    job.cancel()
    assert isinstance(job.error(120), CancelledError)
    forget()
