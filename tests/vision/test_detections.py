"""Detections: made of what models give, compared, and written in two forms."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.stages.detailer.edits import DetectionEdit
from medialab.vision.detections import (
    Detection,
    as_plain,
    as_record,
    boxed,
    called,
    packed,
    unpacked,
    without_doubles,
)

IMAGE = Image.new("RGB", (64, 64), (90, 120, 60))


@pytest.fixture
def round_face():
    mask = Image.new("L", (96, 64), 0)
    ImageDraw.Draw(mask).ellipse((20, 10, 50, 40), fill=255)
    return Detection("face", 1 / 3, Box(20, 10, 51, 41), mask, index=2)


def test_a_packed_detection_comes_back_exactly(round_face):
    ((row, white),) = packed([round_face])
    assert white.shape == (31, 31)
    back = unpacked(json.loads(json.dumps(row)), Image.fromarray(white))
    assert (back.label, back.confidence, back.box, back.index) == ("face", 1 / 3, round_face.box, 2)
    assert np.array_equal(np.asarray(back.mask), np.asarray(round_face.mask))


def test_a_detection_without_a_shape_can_be_packed_too():
    empty = Detection("face", 0.0, Box(0, 0, 0, 0), Image.new("L", (96, 64), 0))
    ((row, white),) = packed([empty])
    assert unpacked(row, Image.fromarray(white)).mask.getbbox() is None


def test_the_plain_form_is_json_that_an_edit_is_read_from(round_face):
    plain = json.loads(json.dumps(as_plain(round_face, "a" * 64)))
    edit = DetectionEdit.model_validate(plain)
    assert (edit.label, edit.box, edit.mask) == ("face", (20, 10, 51, 41), "a" * 64)
    assert (edit.confidence, edit.index, edit.enabled) == (1 / 3, 2, True)


def test_the_record_rounds_what_a_person_reads_and_adds_what_was_applied(round_face):
    assert as_record(round_face, seed=7) == {
        "label": "face",
        "box": [20, 10, 51, 41],
        "confidence": 0.333,
        "seed": 7,
    }


def test_of_doubles_the_most_confident_stays_and_shapes_count_not_boxes():
    image = Image.new("RGB", (100, 100))
    sure = boxed(image, "left hand", 0.9, (10, 10, 50, 50))
    double = boxed(image, "right hand", 0.8, (12, 10, 52, 50))
    other = boxed(image, "hand", 0.7, (60, 10, 90, 50))
    assert without_doubles([double, other, sure], 0.5) == [other, sure]
    assert without_doubles([double, other, sure], 1.0) == [double, other, sure]
    # Two shapes side by side in one box, as of people who embrace.
    left, right = box_mask(Box(10, 10, 30, 50), 100, 100), box_mask(Box(30, 10, 50, 50), 100, 100)
    pair = [Detection("body", 0.9, Box(10, 10, 50, 50), one) for one in (left, right)]
    assert without_doubles(pair, 0.5) == pair


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_box_that_holds_no_numbers_is_empty(odd):
    for edges, confidence in (((odd, 0, 9, 9), 0.9), ((0, 0, 9, odd), 0.9), ((0, 0, 9, 9), odd)):
        found = boxed(IMAGE, "face", confidence, edges)
        assert found.box.area == 0
        assert found.mask.getbbox() is None
    assert boxed(IMAGE, "face", 0.9, (-1e300, -1e300, 1e300, 1e300)).box.edges == (0, 0, 64, 64)


def test_labels_of_wrong_types_are_read_as_text():
    assert called(["face", "7"], {0: "Face", 1: 7, 2: None}) == {0: "Face", 1: "7"}


def test_of_a_mask_only_what_is_not_black_is_kept_and_it_is_whole_again_when_read():
    mask = Image.new("L", (4000, 3000), 0)
    mask.paste(Image.linear_gradient("L").resize((30, 20)), (700, 900))
    detection = Detection("face", 0.9, Box(690, 890, 740, 930), mask)
    place, levels = detection.part
    assert (place.width, place.height) == levels.size
    assert levels.size <= (30, 20)
    assert detection.mask.tobytes() == mask.tobytes()
    moved = replace(detection, index=3)
    assert moved.mask.tobytes() == mask.tobytes()
    assert moved.part[0] == place
    empty = replace(detection, mask=Image.new("L", (64, 48), 0))
    assert (empty.mask.size, empty.mask.getbbox()) == ((64, 48), None)
    with pytest.raises(TypeError):
        Detection("face", 0.9, Box(0, 0, 1, 1))  # a mask has no default


def test_shapes_are_compared_wherever_they_lie_in_a_large_photo():
    def at(left, confidence, size=200):
        mask = Image.new("L", (4000, 3000), 0)
        mask.paste(255, (left, 1000, left + size, 1000 + size))
        return Detection("face", confidence, Box(left, 1000, left + size, 1200), mask)

    one, near, far = at(3000, 0.9), at(3040, 0.8), at(3180, 0.7)
    assert without_doubles([far, near, one], 0.5) == [far, one]
    assert without_doubles([far, near, one], 0.7) == [far, near, one]
