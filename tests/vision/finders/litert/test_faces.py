"""Faces: both detectors see what MediaPipe's do, and one alone is not believed at once."""

import numpy as np
import pytest
from PIL import Image

from medialab.files.mediapipe_networks import FACE_FULL
from medialab.vision.finders.litert.boxes import shared
from medialab.vision.finders.litert.faces import (
    FAR,
    NEAR,
    SURE_FAR,
    SURE_NEAR,
    faces_in,
    load_faces,
)
from medialab.vision.finders.litert.looking import looked
from medialab.vision.finders.litert.views import whole
from tests.photos.photos import mediapipe_rows, photo


@pytest.fixture
def finder(load):
    return load(load_faces, FACE_FULL)


@pytest.mark.parametrize(("name", "grid", "least"), [("near", NEAR, 0.5), ("far", FAR, 0.6)])
def test_they_are_where_mediapipe_itself_finds_them(finder, name, grid, least):
    compared = 0
    for row in mediapipe_rows():
        image = photo(row["photo"]).image
        session = getattr(finder._session, name)
        found = looked(session, grid, np.asarray(image), whole(*image.size), least)
        assert len(found) == len(row[name]), row["photo"]
        for *edges, score in row[name]:
            best = max(found, key=lambda one: shared(one.edges, np.array(edges)))
            assert shared(best.edges, np.array(edges)) >= 0.95, row["photo"]
            assert best.score == pytest.approx(score, abs=0.05)
            compared += 1
    assert compared >= 20


def test_of_a_face_that_both_find_the_box_of_the_surer_one_is_told(finder):
    pixels = np.asarray(photo("astronaut").image)
    view = whole(pixels.shape[1], pixels.shape[0])
    near, far = finder._session
    (face,) = faces_in(finder._session, pixels)
    (one,) = looked(near, NEAR, pixels, view, SURE_NEAR)
    (other,) = looked(far, FAR, pixels, view, SURE_FAR)
    surer = max(one, other, key=lambda each: each.score)
    np.testing.assert_array_equal(face.edges, surer.edges)


def test_what_one_detector_takes_for_a_face_is_none_when_both_look_closer(finder):
    pixels = np.asarray(photo("kitten").image)
    view = whole(pixels.shape[1], pixels.shape[0])
    assert looked(finder._session.near, NEAR, pixels, view, SURE_NEAR)
    assert faces_in(finder._session, pixels) == []


def test_it_finds_faces_and_nothing_else_in_pictures_of_any_mode_and_size(finder):
    image = photo("three_people").image
    assert [one.label for one in finder.find(image, "Human face")] == ["human face"] * 3
    assert [one.label for one in finder.find(image, "hand", "FACE")] == ["face"] * 3
    assert finder.find(image, "hand") == finder.find(image) == []
    assert len(finder.find(image.convert("L"), "face")) == 3
    assert len(finder.find(image.convert("RGBA"), "face")) == 3
    assert finder.find(Image.new("RGB", (1, 1)), "face") == []
    assert finder.find(Image.new("RGB", (3, 2000), "white"), "face") == []
