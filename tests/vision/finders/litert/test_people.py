"""The refiner for people keeps a detection, and gives it the shape of who is in its box."""

import numpy as np
import pytest
from PIL import Image

from medialab.files.mediapipe_networks import SELFIE
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.vision.detections import Detection
from medialab.vision.finders.litert.people import load_people
from medialab.vision.roles import Finder, Refiner
from tests.photos.photos import photo


@pytest.fixture
def refiner(load):
    return load(load_people, SELFIE)


def boxed(image, *edges):
    return Detection("body", 0.7, Box(*edges), box_mask(Box(*edges), *image.size), 3)


def test_the_shape_lies_in_the_box_and_leaves_out_what_is_behind(refiner):
    assert isinstance(refiner, Refiner)
    assert not isinstance(refiner, Finder)
    image = photo("macbeth").image
    detection = boxed(image, 60, 120, 660, 1004)
    refined = refiner.refine(image, detection)
    assert (refined.label, refined.confidence, refined.index) == ("body", 0.7, 3)
    inside = np.asarray(refined.mask) > 0
    assert refined.mask.getbbox() == refined.box.edges
    assert not (inside & ~(np.asarray(detection.mask) > 0)).any()
    assert inside[700, 350]  # her dress
    assert not inside[200, 100]  # the wall
    assert refiner.refine(image, detection).mask.tobytes() == refined.mask.tobytes()


def test_a_box_in_which_nobody_is_seen_stays_as_it_was(refiner):
    image = Image.new("RGB", (200, 300), "grey")
    detection = boxed(image, 10, 10, 60, 90)
    assert refiner.refine(image, detection) is detection
    empty = boxed(image, 10, 10, 10, 90)
    assert refiner.refine(image, empty) is empty
