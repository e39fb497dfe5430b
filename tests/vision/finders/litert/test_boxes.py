"""What detectors give is read as MediaPipe's graphs do; the numbers here are worked out by hand."""

import numpy as np
import pytest

from medialab.vision.finders.litert.bodies import POSES
from medialab.vision.finders.litert.boxes import (
    Candidate,
    Grid,
    candidates,
    shared,
    without_doubles,
)
from medialab.vision.finders.litert.faces import FAR, NEAR
from medialab.vision.finders.litert.hands import PALMS
from medialab.vision.finders.litert.views import View


@pytest.mark.parametrize(
    ("grid", "size", "count"),
    [(NEAR, 128, 896), (FAR, 192, 2304), (PALMS, 192, 2016), (POSES, 224, 2254)],
)
def test_a_network_gives_as_many_boxes_as_its_grid_has_places(grid, size, count):
    assert grid.size == size
    assert grid.places.shape == (count, 2)
    assert grid.places.min() > 0
    assert grid.places.max() < 1


def test_places_go_along_the_rows_each_as_often_as_its_layer_says_the_finest_first():
    places = Grid(32, ((8, 2), (16, 3))).places
    assert len(places) == 4 * 4 * 2 + 2 * 2 * 3
    np.testing.assert_allclose(
        places[:4], [[1 / 8] * 2, [1 / 8] * 2, [3 / 8, 1 / 8], [3 / 8, 1 / 8]]
    )
    np.testing.assert_allclose(places[8], [1 / 8, 3 / 8])
    np.testing.assert_allclose(places[32:35], [[1 / 4, 1 / 4]] * 3)
    np.testing.assert_allclose(places[-1], [3 / 4, 3 / 4])


def test_numbers_are_pixels_from_the_boxs_place_and_scores_go_through_a_sigmoid():
    grid = Grid(100, ((50, 1),))
    numbers = np.zeros((4, 8), np.float32)
    numbers[2] = (10, -5, 20, 40, 1, 2, -3, -4)  # of the place at 0.25, 0.75
    scores = np.array([-200, -1, 1, -0.1], np.float32)
    (one,) = candidates(numbers, scores, grid, 0.5)
    assert one.score == pytest.approx(1 / (1 + np.exp(-1)))
    np.testing.assert_allclose(one.edges, (0.25, 0.5, 0.45, 0.9), atol=1e-6)
    np.testing.assert_allclose(one.points, [(0.26, 0.77), (0.22, 0.71)], atol=1e-6)
    assert len(candidates(numbers, scores, grid, 0.4)) == 2
    assert candidates(numbers, scores, grid, 0.9) == []


def test_a_score_is_cut_before_the_sigmoid_and_numbers_that_are_none_are_left_out():
    grid = Grid(100, ((50, 1),))
    numbers = np.ones((4, 6), np.float32)
    numbers[1, 3] = np.nan
    numbers[2, 5] = np.inf
    found = candidates(numbers, np.full(4, 1e30, np.float32), grid, 0.5)
    assert [one.score for one in found] == [1.0, 1.0]


def box(score, *edges):
    return Candidate(score, np.array(edges, float), np.array([[edges[0], edges[1]]], float))


def test_boxes_that_share_much_become_their_mean_weighted_by_score():
    first, second, apart = box(0.9, 0, 0, 10, 10), box(0.3, 2, 0, 12, 10), box(0.5, 50, 0, 60, 10)
    kept = without_doubles([second, apart, first])
    assert [one.score for one in kept] == [0.9, 0.5]
    np.testing.assert_allclose(kept[0].edges, (0.5, 0, 10.5, 10))
    np.testing.assert_allclose(kept[0].points, [(0.5, 0)])
    np.testing.assert_array_equal(kept[1].edges, apart.edges)


def test_boxes_that_share_less_than_three_tenths_stay_two():
    assert shared(np.array([0, 0, 10, 10]), np.array([5, 0, 15, 10])) == pytest.approx(1 / 3)
    assert len(without_doubles([box(0.9, 0, 0, 10, 10), box(0.8, 5, 0, 15, 10)])) == 1
    assert len(without_doubles([box(0.9, 0, 0, 10, 10), box(0.8, 6, 0, 16, 10)])) == 2


def test_a_box_without_an_area_ends_the_search_like_any_other():
    kept = without_doubles([box(0.9, 3, 3, 3, 3), box(0.8, 3, 3, 3, 3), box(0.7, 5, 5, 4, 4)])
    assert [one.score for one in kept] == [0.9, 0.8, 0.7]
    assert shared(kept[0].edges, kept[0].edges) == 0


def test_a_candidate_is_placed_in_the_picture_by_its_view():
    one = Candidate(0.5, np.array([0.25, 0.5, 0.75, 1.0]), np.array([[0.5, 0.5]]))
    placed = one.placed(View(100, 50, 40))
    np.testing.assert_allclose(placed.edges, (90, 50, 110, 70))
    np.testing.assert_allclose(placed.points, [(100, 50)])
