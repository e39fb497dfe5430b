"""Which finds are drawn: whole records are filtered, sorted and shaped."""

import numpy as np
import pytest
from PIL import Image

from medialab.stages.detailer.selection import selected
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import boxed

IMAGE = Image.new("RGB", (200, 100))


def find(edges, confidence=0.9, label="face"):
    return boxed(IMAGE, label, confidence, edges)


LARGE, SMALL, TINY = find((100, 20, 160, 80), 0.5), find((10, 10, 30, 30)), find((60, 50, 66, 58))
FINDS = [SMALL, LARGE, TINY]
NAMES = {id(SMALL): "small", id(LARGE): "large", id(TINY): "tiny"}


def chosen(finds=FINDS, **settings):
    return selected(finds, IMAGE, DetailerConfig(**{"grow": 0} | settings)).kept


def boxes(finds):
    return [one.box for one in finds]


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, [SMALL, LARGE, TINY]),
        ({"confidence": 0.6}, [SMALL, TINY]),
        ({"min_size": 10}, [SMALL, LARGE]),
        ({"min_size": 20}, [SMALL, LARGE]),
        ({"min_size": 21}, [LARGE]),
        ({"min_ratio": 0.01}, [SMALL, LARGE]),
        ({"max_ratio": 0.1}, [SMALL, TINY]),
        ({"top_k": 1}, [LARGE]),
        ({"top_k": 2, "top_k_by": "confidence"}, [SMALL, TINY]),
        ({"order": "left to right"}, [SMALL, TINY, LARGE]),
        ({"order": "center to edge"}, [LARGE, TINY, SMALL]),
        ({"order": "large to small"}, [LARGE, SMALL, TINY]),
    ],
)
def test_finds_are_filtered_and_sorted_as_whole_records(settings, left):
    found = chosen(**settings)
    assert boxes(found) == boxes(left)
    assert [one.confidence for one in found] == [one.confidence for one in left]
    assert [one.mask.tobytes() for one in found] == [one.mask.tobytes() for one in left]
    assert [one.index for one in found] == list(range(len(left)))


def test_doubles_are_dropped_by_what_they_share():
    double = find((11, 10, 31, 30), 0.8)
    assert boxes(chosen([SMALL, double])) == [SMALL.box]
    assert boxes(chosen([SMALL, double], iou=0.95)) == [SMALL.box, double.box]
    assert boxes(chosen([SMALL, SMALL], iou=1.0)) == [SMALL.box, SMALL.box]


def test_masks_are_moved_and_grown():
    (moved,) = chosen([SMALL], x_offset=5, y_offset=4)
    assert moved.box.edges == (15, 6, 35, 26)
    assert chosen([SMALL], grow=3)[0].box.edges == (7, 7, 33, 33)
    assert chosen([SMALL], grow=-3)[0].box.edges == (13, 13, 27, 27)


def test_what_shrinks_to_nothing_or_leaves_the_picture_is_left_out():
    assert boxes(chosen(grow=-10)) == [LARGE.box.padded(-10)]
    assert boxes(chosen([SMALL], x_offset=-40)) == []


def test_masks_may_be_made_one_and_turned_round():
    (merged,) = chosen(merge="merge")
    white = np.asarray(merged.mask) > 0
    assert white.sum() == sum(one.box.area for one in FINDS)
    assert merged.box.edges == (10, 10, 160, 80)
    (inverted,) = chosen(merge="merge and invert")
    assert ((np.asarray(inverted.mask) > 0) == ~white).all()
    assert chosen([], merge="merge and invert") == []


def test_what_was_asked_for_without_a_detector_needs_no_confidence():
    assert boxes(chosen([find((0, 0, 20, 20), 0.0)], confidence=0.9)) != []


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({}, {}),
        ({"confidence": 0.6}, {"large": "confidence 0.500 is below 0.6"}),
        ({"min_size": 10}, {"tiny": "its short side of 6 px is below min_size 10"}),
        (
            {"min_ratio": 0.01},
            {"tiny": "its share of the picture, 0.0024, is below min_ratio 0.01"},
        ),
        ({"max_ratio": 0.1}, {"large": "its share of the picture, 0.1800, is above max_ratio 0.1"}),
        (
            {"top_k": 1},
            dict.fromkeys(("small", "tiny"), "is not among the 1 with the most area"),
        ),
        ({"grow": -4}, {"tiny": "nothing of its mask is left after moving and shrinking"}),
        (
            {"confidence": 0.6, "min_size": 10},
            {
                "large": "confidence 0.500 is below 0.6",
                "tiny": "its short side of 6 px is below min_size 10",
            },
        ),
    ],
)
def test_each_find_is_drawn_or_dropped_for_a_reason(settings, reasons):
    found = selected(FINDS, IMAGE, DetailerConfig(**{"grow": 0} | settings))
    assert {NAMES[id(one.detection)]: one.reason for one in found.dropped} == reasons
    assert len(found.kept) + len(found.dropped) == len(FINDS)


def test_a_double_is_told_as_one():
    double = find((11, 10, 31, 30), 0.8)
    (dropped,) = selected([SMALL, double], IMAGE, DetailerConfig(grow=0)).dropped
    assert dropped.detection is double
    assert dropped.reason.startswith("shares more than 0.")


def test_masks_that_leave_nothing_once_merged_and_inverted_are_told():
    whole = find((0, 0, 200, 100))
    found = selected([whole], IMAGE, DetailerConfig(grow=0, merge="merge and invert"))
    assert not found.kept
    assert "inverted, they leave nothing" in found.dropped[0].reason
