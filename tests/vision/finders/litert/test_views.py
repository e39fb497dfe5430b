"""A view shows what MediaPipe's does, and its points come back to where they were."""

import math

import numpy as np
import pytest

from medialab.vision.finders.litert.views import View, upright, whole


def slopes(height=40, width=60):
    """A picture whose red is the column and whose green is the row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.full_like(rows, 200)], axis=-1).astype(np.uint8)


def test_the_whole_picture_lies_in_the_middle_of_a_square_and_black_around_it():
    view = whole(60, 40)
    assert view == View(30, 20, 60)
    seen = view.sampled(slopes(), 60)
    assert seen.dtype == np.float32
    assert not seen[:10].any()
    assert not seen[50:].any()
    np.testing.assert_allclose(seen[10:50], slopes(), atol=1e-4)


def test_it_is_sampled_from_corner_to_corner_between_the_pixels():
    seen = View(30, 20, 20).sampled(slopes(), 40)
    np.testing.assert_allclose(seen[0, :, 0], 20 + np.arange(40) / 2, atol=1e-4)
    np.testing.assert_allclose(seen[:, 0, 1], 10 + np.arange(40) / 2, atol=1e-4)


def test_beyond_the_picture_its_edge_is_repeated_where_that_is_asked_for():
    seen = View(0, 0, 40).sampled(slopes(), 20, repeats=True)
    assert (seen[:10, :10] == (0, 0, 200)).all()
    assert not View(-100, 0, 40).sampled(slopes(), 20).any()


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.5, math.pi])
def test_points_of_a_view_are_where_it_was_sampled(turn):
    view = View(31, 19, 24, turn)
    seen = view.sampled(slopes(), 8)
    for row, column in ((0, 0), (3, 6), (7, 1)):
        x, y = view.in_picture(np.array([column / 8, row / 8]))
        if 0 <= x < 59 and 0 <= y < 39:
            np.testing.assert_allclose(seen[row, column, :2], (x, y), atol=1e-3)


@pytest.mark.parametrize(
    ("end", "degrees"), [((5, 0), 0), ((10, 5), 90), ((0, 5), -90), ((10, 0), 45)]
)
def test_a_line_is_turned_until_it_leads_up(end, degrees):
    assert math.degrees(upright((5, 5), end)) == pytest.approx(degrees)


def test_straight_down_is_half_a_turn():
    assert abs(math.degrees(upright((5, 5), (5, 10)))) == pytest.approx(180)


@pytest.mark.parametrize("turn", [0.0, 0.5, -2.0])
def test_what_is_said_of_a_view_is_laid_back_where_it_was_sampled(turn):
    view = View(60.0, 40.0, 48.0, turn)
    shape = np.zeros((80, 120, 3), np.uint8)
    shape[30:45, 50:75] = 255
    seen = view.sampled(shape, 96)[..., 0] / 255
    laid = view.laid(seen, (120, 80))
    differs = laid != (shape[..., 0] > 0)
    differs[29:31, 49:76] = differs[44:46, 49:76] = False  # the edges themselves
    differs[29:46, 49:51] = differs[29:46, 74:76] = False
    assert not differs.any()
    assert 330 <= laid.sum() <= 400  # of 375


def test_nothing_is_laid_outside_the_view_nor_where_it_is_unlikely():
    laid = View(20, 20, 10).laid(np.ones((8, 8), np.float32), (60, 40))
    rows, columns = np.nonzero(laid)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx(
        (15, 25, 15, 25), abs=1
    )
    assert not whole(40, 40).laid(np.full((8, 8), 0.49, np.float32), (40, 40)).any()
