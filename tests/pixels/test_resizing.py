"""Pictures that belong together go the same way, whatever their sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medialab.pixels.geometry import LEAST_DRAWN, Box, Placement, drawn_size, placement
from medialab.pixels.masks import blurred, bounding_box, box_mask, grown, scaled
from medialab.pixels.resizing import (
    MOST_WHOLE,
    follow,
    follow_mask,
    lanczos,
    padded,
    placed,
    resized,
)
from medialab.settings.choices import CONTROL_RESIZE_MODES
from tests.examples import examples

sides = st.integers(1, 60)
sizes = st.tuples(sides, sides)
modes = st.sampled_from(CONTROL_RESIZE_MODES)


def noise(width, height, mode="RGB"):
    levels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3))
    return Image.fromarray(levels.astype(np.uint8)).convert(mode)


@given(sizes, sizes, modes)
@settings(max_examples=examples(60))
def test_every_way_gives_exactly_the_size_and_keeps_what_has_it(of, to, mode):
    image = noise(*of)
    assert resized(image, *to, mode).size == to
    assert resized(image, *of, mode).tobytes() == image.tobytes()
    assert placement(of, of, mode).is_plain


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([8, 16]))
def test_what_is_drawn_has_whole_blocks_and_the_picture_in_its_corner(width, height, block):
    drawn = drawn_size(width, height, block)
    assert all(side % block == 0 and side >= LEAST_DRAWN for side in drawn)
    assert drawn[0] - width < max(block, LEAST_DRAWN)
    assert drawn[1] - height < max(block, LEAST_DRAWN)
    assert drawn_size(*drawn, block) == drawn
    image = noise(width, height)
    grown_up = padded(image, *drawn)
    assert grown_up.size == drawn
    assert grown_up.crop((0, 0, width, height)).tobytes() == image.tobytes()
    levels = np.asarray(grown_up)
    assert (levels[height - 1 :, width - 1 :] == levels[height - 1, width - 1]).all()


@st.composite
def journeys(draw):
    """A picture's size, and how it came to another: brought to size, given a border, enlarged."""
    size = first = draw(st.tuples(st.integers(20, 60), st.integers(20, 60)))
    steps = []
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            to = draw(st.tuples(st.integers(20, 60), st.integers(20, 60)))
            step = placement(size, to, draw(modes))
        else:
            left, top, right, bottom = (draw(st.integers(0, 15)) for _ in range(4))
            inside = Box(0, 0, *size).moved(left, top)
            to = inside.right + right, inside.bottom + bottom
            step = Placement(size, to, inside, repeats=False)
        if not step.is_plain:
            steps.append(step)
            size = to
    return first, steps, size


@given(journeys(), st.data())
@settings(max_examples=examples(60), deadline=None)
def test_a_mask_of_the_given_picture_lies_on_the_same_things_at_its_journeys_end(journey, data):
    first, steps, last = journey
    left, top = data.draw(st.integers(0, first[0] - 9)), data.draw(st.integers(0, first[1] - 9))
    box = Box(left, top, left + 9, top + 9)
    # The picture is black but for what the mask covers: where both end is known by looking.
    mask = box_mask(box, *first)
    image = mask.convert("RGB")
    for step in steps:
        image = placed(image, step)
    followed = follow_mask(mask, steps, last)
    assert followed.size == image.size == last
    if first in [step.to for step in steps]:
        return  # its size does not tell where it belongs
    levels, painted = np.asarray(image.convert("L")), np.asarray(followed)
    near_mask = np.asarray(grown(followed, 3)) > 0
    thing = Image.fromarray(np.where(levels > 8, 255, 0).astype(np.uint8))
    near_thing = np.asarray(grown(thing, 3)) > 0
    assert not (levels > 127)[~near_mask].any()
    assert not (painted > 127)[~near_thing].any()


@pytest.mark.parametrize("scale", [lanczos, scaled])
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("is_turned", [False, True])
def test_a_strip_is_made_to_cover_a_square_without_being_enlarged_whole(scale, width, is_turned):
    """It would take gigabytes: only the middle of it is seen."""
    # Without black and white, which Lanczos would cut off at either end.
    strip = noise(width, 9000, "L" if scale is scaled else "RGB").point(lambda grey: grey // 2 + 64)
    middle = strip.crop((0, 4490, width, 4510))
    if is_turned:
        strip, middle = (one.transpose(Image.Transpose.TRANSPOSE) for one in (strip, middle))
    to = (320, 320)
    step = placement(strip.size, to, "crop and resize")
    assert step.inside.area > MOST_WHOLE
    found = np.asarray(placed(strip, step, scale)).astype(int)
    expected = np.asarray(placed(middle, placement(middle.size, to, "crop and resize"), scale))
    assert found.shape[:2] == to
    assert np.abs(found - expected).max() <= 3  # the height of either is rounded


def test_a_picture_of_a_later_size_goes_only_the_rest_of_the_way():
    steps = [
        placement((40, 20), (20, 20), "crop and resize"),
        placement((20, 20), (60, 60), "just resize"),
    ]
    middle, end = noise(20, 20), noise(60, 60)
    assert follow(middle, steps, (60, 60)).tobytes() == resized(middle, 60, 60, "x").tobytes()
    assert follow(end, steps, (60, 60)) is end
    # One of no size on the way is taken for one of the picture that was given.
    given_one = noise(80, 40)
    assert follow(given_one, steps, (60, 60)).size == (60, 60)


@given(sizes, sizes, st.data())
@settings(max_examples=examples(60))
def test_no_spot_of_a_mask_vanishes_however_small_it_becomes(of, to, data):
    mask = Image.new("L", of, 0)
    at = data.draw(st.integers(0, of[0] - 1)), data.draw(st.integers(0, of[1] - 1))
    mask.putpixel(at, 255)
    small = scaled(mask, *to)
    assert small.size == to
    if to[0] <= of[0] and to[1] <= of[1]:
        assert small.getextrema() == (0 if to != (1, 1) else 255, 255)
        box = bounding_box(small)
        assert (box.width, box.height) == (1, 1)
        assert abs((box.left + 0.5) / to[0] - (at[0] + 0.5) / of[0]) <= 1 / to[0]


@given(st.integers(-6, 6), st.integers(0, 5), st.data())
@settings(max_examples=examples(40))
def test_a_mask_is_changed_around_its_white_as_it_would_be_as_a_whole(pixels, blur, data):
    from scipy import ndimage

    width, height = 48, 40
    left, top = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 32))
    right = data.draw(st.integers(left + 1, width))
    bottom = data.draw(st.integers(top + 1, height))
    mask = box_mask(Box(left, top, right, bottom), width, height)
    levels = np.asarray(mask)
    size = (2 * abs(pixels) + 1,) * 2
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    assert (np.asarray(grown(mask, pixels)) == change(levels, size=size)).all()
    if blur:
        radius = int(2.5 * blur + 0.5)
        soft = ndimage.gaussian_filter(levels.astype("float32"), blur, radius=radius).round()
        assert (np.asarray(blurred(mask, blur)) == soft.astype(np.uint8)).all()


@pytest.mark.parametrize("change", [lambda mask: grown(mask, 4), lambda mask: blurred(mask, 4)])
def test_a_spot_in_a_huge_mask_costs_what_the_spot_costs(change, monkeypatch):
    from medialab.pixels import masks

    touched = []
    levels = masks._levels
    monkeypatch.setattr(masks, "_levels", lambda mask: touched.append(mask.size) or levels(mask))
    mask = box_mask(Box(3000, 2000, 3040, 2030), 4000, 3000)
    assert change(mask).size == (4000, 3000)
    assert all(width * height < 100 * 100 for width, height in touched)
