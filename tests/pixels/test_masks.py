"""Masks: what they cover, and that what they leave is left."""

import numpy as np
import pytest
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
