"""Which detections a detailer gets: from its detectors in turn, a mask, the middle, or by hand."""

import numpy as np
import pytest
from PIL import Image

from medialab.errors import ConfigError, MissingLibraryError
from medialab.stage import Frame
from medialab.stages.detailer.search import Search
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import boxed
from tests.stages.conftest import MASK, PICTURES, Context

LEFT, RIGHT = (8, 24, 24, 40), (72, 24, 88, 40)
IMAGE = Image.fromarray(np.random.default_rng(3).integers(0, 255, (64, 96, 3), dtype=np.uint8))


class Finds:
    """A detector that finds these boxes, or cannot be used."""

    def __init__(self, *boxes, error=None):
        self.boxes, self.error, self.asked = boxes, error, []

    def find(self, image, *words):
        self.asked.append(words)
        if self.error is not None:
            raise self.error
        return [boxed(image, words[0], 0.9, box) for box in self.boxes]


def search(detectors=None, *, on=IMAGE, **settings):
    """The boxes of the detections, and the record."""
    context = Context(None, None)
    context.detector = (detectors or {"finder": Finds(LEFT, RIGHT)}).__getitem__
    config = DetailerConfig(**{"detector": "finder", "grow": 0} | settings)
    detections, facts = Search("face", Frame(image=on), on, config, context).detections()
    return [one.box.edges for one in detections], facts


def test_a_detector_is_asked_for_the_parts_names_or_for_the_words_set():
    detector = Finds(LEFT)
    search({"finder": detector}, words="left eye, right eye")
    search({"finder": detector})
    assert detector.asked == [("left eye", "right eye"), ("face", "human face")]


def test_the_first_detector_with_any_is_taken_and_those_after_it_are_not_asked():
    late = Finds(RIGHT)
    detectors = {
        "absent": Finds(error=MissingLibraryError("needs onnxruntime")),
        "blind": Finds(),
        "good": Finds(LEFT),
        "late": late,
    }
    boxes, facts = search(detectors, detector="absent, blind, good, late")
    assert boxes == [LEFT]
    assert facts["found_by"] == "good"
    assert [row.get("found", "skipped") for row in facts["detectors"]] == ["skipped", 0, 1]
    assert late.asked == []


def test_the_only_detector_must_be_usable():
    with pytest.raises(MissingLibraryError, match="onnxruntime"):
        search({"finder": Finds(error=MissingLibraryError("needs onnxruntime"))})


def test_the_middle_stands_in_only_where_it_was_asked_for():
    blind = {"finder": Finds()}
    middle = (24, 16, 72, 48)
    assert search(blind) == ([], {"detectors": [{"name": "finder", "found": 0, "kept": 0}]} | BLIND)
    boxes, facts = search(blind, fallback="centre")
    assert (boxes, facts["fallback"], facts["found_by"]) == ([middle], "centre", "centre")
    boxes, facts = search(blind, detector="finder, centre")
    assert (boxes, facts["found_by"]) == ([middle], "centre")
    assert "fallback" not in facts
    assert search(detector="centre") == ([middle], {"found_by": "centre"})


BLIND = {"found_by": "finder"}


def test_a_mask_stands_in_for_detectors():
    boxes, facts = search(on=Image.new("RGB", (64, 64)), mask=MASK)
    assert (boxes, facts) == ([(16, 16, 40, 40)], {"found_by": "a given mask"})


def test_edited_detections_come_in_their_order_even_those_switched_off():
    edits = [{"box": RIGHT}, {"box": LEFT, "enabled": False}]
    assert search(detections=edits) == ([RIGHT, LEFT], {"found_by": "edited boxes"})


def test_an_edited_shape_is_fitted_into_its_box():
    on = Image.new("RGB", (64, 64))
    mask = next(name for name, kept in PICTURES.items() if kept.mode == "L")
    edit = {"box": (30, 8, 46, 24), "mask": mask}
    assert search(on=on, detections=[edit])[0] == [(30, 8, 46, 24)]


def test_a_box_outside_the_picture_is_named():
    with pytest.raises(ConfigError, match=r"\(200, 0, 220, 9\) lies outside the picture of 96"):
        search(detections=[{"box": (200, 0, 220, 9)}])


def test_a_box_outside_the_picture_that_is_switched_off_is_left_out_and_kept():
    off = {"box": (200, 0, 220, 9), "enabled": False}
    assert search(detections=[{"box": LEFT}, off])[0] == [LEFT, (200, 0, 220, 9)]


def test_a_shape_whose_box_reaches_beyond_the_picture_is_cut_off_there():
    mask = next(name for name, kept in PICTURES.items() if kept.mode == "L")
    config = DetailerConfig(detections=[{"box": (-24, 8, 24, 24), "mask": mask}])
    on = Image.new("RGB", (64, 64))
    (one,), _ = Search("face", Frame(image=on), on, config, Context(None, None)).detections()
    assert one.box.edges == (0, 8, 24, 24)
    assert one.mask.getbbox() == (0, 8, 24, 24)


def test_a_mask_refiner_must_be_one():
    detectors = {"finder": Finds(LEFT), "boxes": Finds(LEFT)}
    with pytest.raises(ConfigError, match="'boxes' is no SAM model"):
        search(detectors, mask_refiner="boxes")


def test_the_record_counts_all_that_were_dropped_and_shows_the_first_fifty():
    many = {"finder": Finds(*((n, 0, n + 2, 2) for n in range(60)))}
    boxes, facts = search(many, min_size=8)
    assert boxes == []
    assert (facts["dropped_count"], len(facts["dropped"])) == (60, 50)
    assert facts["dropped"][0]["reason"] == "its short side of 2 px is below min_size 8"
