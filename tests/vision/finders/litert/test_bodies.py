"""People: the view of a body by its pose or its face, and MediaPipe's own shapes."""

import base64
import io
import math

import numpy as np
import pytest
from PIL import Image

from medialab.files.mediapipe_networks import POSE
from medialab.vision.finders.litert.bodies import (
    POSES,
    body_in,
    load_bodies,
    spine_of,
    view_below,
    view_of,
)
from medialab.vision.finders.litert.boxes import Candidate
from medialab.vision.finders.litert.looking import looked
from medialab.vision.finders.litert.views import View, whole
from tests.photos.photos import mediapipe_rows, photo


def test_a_body_is_seen_around_its_hips_a_quarter_larger_than_it_reaches():
    pose = Candidate(0.9, np.zeros(4), np.array([(100, 200), (100, 120), (0, 0), (0, 0)], float))
    assert view_of(pose) == pytest.approx((100, 200, 200, 0))
    lying = pose._replace(points=np.array([(100, 200), (180, 200), (0, 0), (0, 0)], float))
    assert view_of(lying) == pytest.approx((100, 200, 200, math.pi / 2))


def face(right_eye, left_eye):
    points = np.zeros((6, 2))
    points[:2] = right_eye, left_eye
    return Candidate(0.9, np.array([90.0, 90.0, 110.0, 110.0]), points)


def test_a_body_below_a_face_is_as_large_as_the_face_says_and_leans_with_it():
    upright = view_below(face((95, 95), (105, 95)))
    assert upright == pytest.approx((100, 168, 210, 0))
    leaning = view_below(face((105, 95), (105, 105)))
    assert leaning == pytest.approx((32, 100, 210, math.pi / 2))
    for view in (upright, leaning):
        np.testing.assert_allclose(spine_of(view)[1], (100, 100), atol=1e-6)


def test_a_spine_leads_from_the_hips_to_the_face():
    np.testing.assert_allclose(spine_of(View(50, 80, 105)), [(50, 80), (50, 46)])


def test_shapes_are_where_mediapipe_itself_has_them(load):
    networks = load(load_bodies, POSE)._session
    compared = 0
    for row in mediapipe_rows():
        if row["person"] is None:
            continue
        pixels = np.asarray(photo(row["photo"]).image)
        view = whole(pixels.shape[1], pixels.shape[0])
        pose = looked(networks.poses, POSES, pixels, view, 0.5)[0]
        if pose.score < 0.6:  # on the brink, where a hundredth of a grey level turns the shape
            continue
        _sure, inside = body_in(networks.shapes, pixels, view_of(pose))
        theirs = np.asarray(Image.open(io.BytesIO(base64.b64decode(row["person"]))))
        mine = Image.fromarray(inside).resize(theirs.shape[::-1], Image.Resampling.NEAREST)
        both = (np.asarray(mine) & theirs).sum() / (np.asarray(mine) | theirs).sum()
        assert both >= 0.95, row["photo"]
        compared += 1
    assert compared >= 20


def test_a_sitting_dog_is_nobody_and_three_who_touch_are_three(load):
    finder = load(load_bodies, POSE)
    dogs = np.asarray(photo("cats_and_dogs").image)
    view = whole(dogs.shape[1], dogs.shape[0])
    assert looked(finder._session.poses, POSES, dogs, view, 0.5)
    assert finder.find(photo("cats_and_dogs").image, "person") == []
    people = finder.find(photo("three_people").image, "person")
    assert len(people) == 3
    shapes = [np.asarray(one.mask) > 0 for one in people]
    assert np.sum(shapes, axis=0).max() == 1
    assert finder.find(photo("three_people").image, "face") == []


def test_a_mask_fills_its_box_and_no_more(load):
    (one,) = load(load_bodies, POSE).find(photo("yoga").image, "body")
    assert one.label == "body"
    assert one.mask.getbbox() == one.box.edges
    assert 0.1 < (np.asarray(one.mask) > 0).sum() / one.box.area < 0.6  # arms and legs are apart
