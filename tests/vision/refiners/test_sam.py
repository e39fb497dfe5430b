"""SAM: the shape in a box."""

import numpy as np

from medialab.loading.detectors import load_detector
from medialab.vision.finders.given import Middle


def test_of_a_box_it_makes_a_smaller_shape_within_it(info_of, picture):
    refiner = load_detector(info_of("sam"), "cpu")
    (box,) = Middle().find(picture, "face")
    refined = refiner.refine(picture, box)
    inside, outline = np.asarray(refined.mask) > 0, np.asarray(box.mask) > 0
    assert 0 < inside.sum() < outline.sum()
    assert not (inside & ~outline).any()
    assert refined.box.edges == refined.mask.getbbox()
    assert (refined.label, refined.confidence) == (box.label, box.confidence)
