"""Finders without a model: a given mask, and the middle."""

import pytest
from PIL import Image, ImageChops, ImageFilter

from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.vision.finders.given import GivenMask, Middle


def test_each_white_place_of_a_given_mask_is_a_detection_and_specks_that_are_near_are_one():
    mask = box_mask(Box(2, 2, 20, 20), 100, 80)
    mask.paste(255, (60, 40, 90, 70))
    for at in ((50, 10), (53, 12), (5, 79)):
        mask.putpixel(at, 255)
    detections = GivenMask(mask).find(mask, "face")
    assert [one.box for one in detections] == [
        Box(2, 2, 20, 20),
        Box(60, 40, 90, 70),
        Box(50, 10, 54, 13),
        Box(5, 79, 6, 80),
    ]
    together = ImageChops.lighter(detections[0].mask, detections[1].mask)
    for one in detections[2:]:
        together = ImageChops.lighter(together, one.mask)
    assert together.tobytes() == mask.tobytes()


@pytest.mark.parametrize("level", [40, 127, 128, 255])
def test_a_faint_stroke_of_a_given_mask_counts_where_no_white_is_in_it(level):
    mask = box_mask(Box(2, 2, 30, 30), 100, 80)
    mask.paste(level, (60, 40, 90, 70))
    soft = mask.filter(ImageFilter.GaussianBlur(1))
    boxes = [one.box for one in GivenMask(soft).find(soft, "face")]
    assert len(boxes) == 2
    assert boxes[1].iou(Box(60, 40, 90, 70)) > 0.6
    assert GivenMask(Image.new("L", (100, 80), 20)).find(mask, "face") == []


def test_the_centre_is_the_middle_half():
    (middle,) = Middle().find(Image.new("RGB", (100, 80)), "face")
    assert middle.box == Box(25, 20, 75, 60)
