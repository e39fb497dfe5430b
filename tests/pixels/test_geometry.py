"""Sizes, boxes and crops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.pixels.geometry import (
    Box,
    contain,
    cover,
    fitted_size,
    hires_size,
    surroundings,
    to_multiple,
    to_proportions,
    working_size,
)

sides = st.integers(8, 3000)


@st.composite
def boxes_in_pictures(draw):
    width, height = draw(sides), draw(sides)
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return Box(left, top, right, bottom), width, height


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((128, 128, 2.0), (256, 256)),
        ((128, 96, 1.5), (192, 144)),
        ((512, 512, 1.33), (680, 680)),
        ((512, 768, 2.0, 1024, None), (1024, 1536)),
        ((512, 768, 2.0, None, 1024), (680, 1024)),
        ((512, 768, 2.0, 800, 800), (800, 800)),
    ],
)
def test_the_hires_size_follows_the_scale_or_the_sides(arguments, size):
    assert hires_size(*arguments) == size


def test_a_size_is_a_multiple_of_eight_and_never_none():
    assert [to_multiple(n) for n in (1, 8, 12, 13, 20.5)] == [8, 8, 16, 16, 24]


@given(boxes_in_pictures(), st.floats(1, 5))
def test_surroundings_hold_the_box_and_stay_in_the_picture(given_box, factor):
    box, width, height = given_box
    crop = surroundings(box, factor, width, height)
    assert crop.within(width, height) == crop
    assert crop.left <= box.left + 1
    assert crop.right >= box.right - 1
    assert crop.top <= box.top + 1
    assert crop.bottom >= box.bottom - 1


@given(boxes_in_pictures(), sides, sides)
def test_growing_to_proportions_loses_nothing_and_stays_in_the_picture(given_box, wide, high):
    box, width, height = given_box
    grown = to_proportions(box, wide, high, width, height)
    assert grown.within(width, height) == grown
    assert grown.width >= box.width
    assert grown.height >= box.height


def test_a_square_crop_of_a_wide_box_is_square():
    assert to_proportions(Box(10, 40, 50, 50), 64, 64, 100, 100) == Box(10, 25, 50, 65)


def test_a_small_face_is_drawn_at_the_guide_size_and_a_large_one_no_smaller_than_it_is():
    assert working_size(Box(0, 0, 60, 60), Box(20, 20, 40, 40), 128, 512) == (384, 384)
    assert working_size(Box(0, 0, 60, 60), Box(20, 20, 40, 40), 128, 256) == (256, 256)
    assert working_size(Box(0, 0, 300, 300), Box(0, 0, 200, 200), 128, 256) == (304, 304)


def test_cover_and_contain_keep_the_proportions():
    assert cover(100, 50, 80, 80) == (160, 80)
    assert contain(100, 50, 80, 80) == (80, 40)


def test_overlap_over_union():
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(20, 0, 30, 10)) == 0
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0


@pytest.mark.parametrize(
    ("size", "side", "fitted"),
    [
        ((4000, 3000), 128, (144, 112)),
        ((3000, 4000), 1024, (888, 1184)),
        ((768, 512), 512, (768, 512)),  # near enough: not a pixel is changed
        ((65, 33), 512, (720, 368)),
        ((60000, 60), 128, (4048, 64)),
    ],
)
def test_a_picture_is_fitted_to_a_models_area(size, side, fitted):
    assert fitted_size(*size, side) == fitted
