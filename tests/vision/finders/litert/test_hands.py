"""Hands: the view of a palm, the shape of joints, and MediaPipe's own results."""

import math

import numpy as np
import pytest

from medialab.files.mediapipe_networks import PALM
from medialab.vision.finders.litert.boxes import Candidate, shared
from medialab.vision.finders.litert.hands import (
    PALMS,
    SURE_HAND,
    hand_in,
    load_hands,
    shape_of,
    view_of,
)
from medialab.vision.finders.litert.looking import looked
from medialab.vision.finders.litert.views import whole
from tests.photos.photos import mediapipe_rows, photo


def palm(*points):
    every = np.zeros((7, 2))
    every[0], every[2] = points
    return Candidate(0.9, np.array([40.0, 50.0, 60.0, 70.0]), every)


def test_an_upright_hand_is_seen_above_its_palm_2_6_times_as_large():
    view = view_of(palm((50, 70), (50, 50)))
    assert view == pytest.approx((50, 50, 52, 0))


def test_a_hand_that_points_right_is_seen_to_the_right_and_turned():
    view = view_of(palm((40, 60), (60, 60)))
    assert view == pytest.approx((60, 60, 52, math.pi / 2))


JOINTS = np.array(
    [(50, 90), (40, 85), (33, 78), (27, 70), (22, 64)]
    + [(x, y) for x in (42, 49, 56, 63) for y in (60, 48, 38, 30)],
    float,
)


def test_the_shape_of_a_hand_is_its_palm_and_fingers_and_the_gaps_between_are_none():
    inside = shape_of(JOINTS, (100, 100))
    assert inside.shape == (100, 100)
    assert all(inside[round(y), round(x)] for x, y in JOINTS)
    assert inside[75, 50]  # the palm
    assert not inside[45, 28]  # between thumb and forefinger
    assert not inside[5:15].any()
    apart = JOINTS.copy()
    apart[5:9, 0] -= 20
    assert not shape_of(apart, (100, 100))[35, 36]


def test_a_hand_that_reaches_out_of_the_picture_is_cut_to_it():
    inside = shape_of(JOINTS - 40, (30, 30))
    assert inside.shape == (30, 30)
    assert inside.any()


def test_they_are_where_mediapipe_itself_finds_them(load):
    finder = load(load_hands, PALM)
    palms, joints = finder._session
    compared = 0
    for row in mediapipe_rows():
        pixels = np.asarray(photo(row["photo"]).image)
        view = whole(pixels.shape[1], pixels.shape[0])
        found = []
        for one in looked(palms, PALMS, pixels, view, 0.5, low=0):  # the graph's least score
            score, points = hand_in(joints, pixels, view_of(one))
            if score >= SURE_HAND:
                found.append(np.concatenate([points.min(0), points.max(0)]))
        assert len(found) == len(row["hands"]), row["photo"]
        for theirs in row["hands"]:
            assert max(shared(one, np.array(theirs)) for one in found) >= 0.95, row["photo"]
            compared += 1
    assert compared >= 10
