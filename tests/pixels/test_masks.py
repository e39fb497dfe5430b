"""Masks: what they cover, and that what they leave is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medialab.pixels import masks
from medialab.pixels.geometry import Box


@pytest.fixture
def square():
    return masks.box_mask(Box(20, 20, 40, 30), 64, 48)


def test_a_mask_of_a_box_has_that_box(square):
    assert masks.bounding_box(square) == Box(20, 20, 40, 30)
    assert masks.bounding_box(Image.new("L", (8, 8))) is None


@pytest.mark.parametrize(
    ("pixels", "box"),
    [(4, Box(16, 16, 44, 34)), (-4, Box(24, 24, 36, 26)), (0, Box(20, 20, 40, 30))],
)
def test_growing_moves_every_edge(square, pixels, box):
    assert masks.bounding_box(masks.grown(square, pixels)) == box


def test_blurring_keeps_the_middle_of_the_edge_where_it_was(square):
    soft = np.asarray(masks.blurred(square, 2)).astype(int)
    assert soft[25, 30] >= 240
    assert abs(soft[25, 19] + soft[25, 20] - 255) <= 3
    assert soft[0, 0] == 0
    assert masks.blurred(square, 0).tobytes() == square.tobytes()


@pytest.mark.parametrize(
    ("move", "box"),
    [
        ((5, 0), Box(25, 20, 45, 30)),
        ((0, 5), Box(20, 15, 40, 25)),
        ((-30, 0), Box(0, 20, 10, 30)),
        ((0, -30), None),
        ((40, 0), Box(60, 20, 64, 30)),
    ],
)
def test_moving_loses_what_leaves_the_picture(square, move, box):
    assert masks.bounding_box(masks.moved(square, *move)) == box


def test_merging_covers_what_any_covers_and_inverting_the_rest(square):
    other = masks.box_mask(Box(0, 0, 4, 4), 64, 48)
    both = masks.merged([square, other])
    assert masks.bounding_box(both) == Box(0, 0, 40, 30)
    rest = np.asarray(masks.inverted(both))
    assert rest[25, 30] == 0
    assert rest[40, 50] == 255


def test_outside_the_mask_every_byte_is_the_bases(square):
    random = np.random.default_rng(1)
    base, painted = (
        Image.fromarray(random.integers(0, 255, (48, 64, 3), dtype=np.uint8)) for _ in range(2)
    )
    whole = np.asarray(masks.composite(base, painted, square))
    inside = np.asarray(square) == 255
    assert (whole[inside] == np.asarray(painted)[inside]).all()
    assert (whole[~inside] == np.asarray(base)[~inside]).all()


def test_filling_takes_the_surroundings_colour(square):
    image = Image.new("RGB", (64, 48), (200, 40, 90))
    image.paste((0, 0, 0), (20, 20, 40, 30))
    filled = np.asarray(masks.filled(image, square)).astype(int)
    assert np.abs(filled[25, 30] - [200, 40, 90]).max() <= 3
    assert (filled[2, 2] == [200, 40, 90]).all()


@pytest.mark.parametrize("width", [300, 900, 2300])
def test_however_far_the_surroundings_are_the_filling_has_their_colour(width):
    """Far from them there was black, and before it bands of red and yellow."""
    colour = (200, 40, 90)
    image = Image.new("RGB", (width, 48))
    image.paste(colour, (width - 20, 0, width, 48))
    mask = masks.box_mask(Box(0, 0, width - 20, 48), width, 48)
    filled = np.asarray(masks.filled(image, mask)).astype(int)
    assert np.abs(filled - colour).max() <= 8
    assert (filled[:, -20:] == colour).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (300, 40)])
def test_without_any_surroundings_the_filling_is_black(size):
    image = Image.new("RGB", size, (200, 40, 90))
    assert masks.filled(image, Image.new("L", size, 255)).getextrema() == ((0, 0),) * 3


@given(
    st.tuples(*[st.integers(-60, 100)] * 2, *[st.integers(1, 90)] * 2),
    st.integers(1, 40),
    st.integers(1, 30),
)
def test_a_shape_that_is_fitted_into_a_box_beyond_the_edge_is_cut_off_there(box, wide, high):
    """It was squeezed into what is left of the box."""
    left, top, width, height = box
    shape = Image.fromarray(
        np.random.default_rng(wide * 100 + high).integers(0, 2, (48, 64), dtype=np.uint8) * 255
    )
    inside, place = Box(3, 4, 3 + wide, 4 + high), Box(left, top, left + width, top + height)
    if inside == place:
        return
    whole = Image.new("L", (400, 400))
    part = shape.crop(inside.edges).resize((width, height), Image.Resampling.NEAREST)
    whole.paste(part, (100 + left, 100 + top))
    found = np.asarray(masks.fitted(shape, inside, place)) > 0
    expected = np.asarray(whole.crop((100, 100, 164, 148))) > 0
    # Where a pixel lies just between two of the shape, rounding may take either.
    assert (found != expected).mean() < 0.02
    if place.within(64, 48) == place:
        assert (found == expected).all()
