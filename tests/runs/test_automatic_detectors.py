"""Which detectors a request's detailers use, and which are refused before anything is loaded."""

from dataclasses import replace

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError, ModelNotFoundError
from medialab.runs.automatic_detectors import check_detectors, with_detectors


class Listing:
    """The detectors of one kind each, by the names of their kinds."""

    def __init__(self, info_of):
        self._info_of = info_of

    def find(self, name, kind):
        assert kind == "detector"
        return replace(self._info_of(name), name=name)


@pytest.fixture
def listing(info_of):
    return Listing(info_of)


def asked(**face):
    return PipelineConfig(prompt="a doll", face={"enabled": True, **face})


@pytest.mark.parametrize(("model", "title"), [("depth", "depth"), ("sam", "refining masks")])
def test_a_model_that_finds_no_parts_is_no_detector(listing, model, title):
    with pytest.raises(ConfigError, match=rf"face\.detector='{model}' is a model for {title}, wh"):
        check_detectors(asked(detector=model), listing)
    check_detectors(asked(detector="yolos"), listing)


def test_a_model_that_refines_no_masks_is_no_mask_refiner(listing):
    with pytest.raises(ConfigError, match=r"face\.mask_refiner='yolos' is a model for object det"):
        check_detectors(asked(detector="yolos", mask_refiner="yolos"), listing)
    check_detectors(asked(detector="yolos", mask_refiner="sam"), listing)


def test_a_stage_that_is_off_or_given_a_mask_is_not_looked_at(listing):
    check_detectors(PipelineConfig(prompt="a doll", face={"detector": "depth"}), listing)
    check_detectors(asked(detector="depth", mask="a" * 64), listing)


def test_automatic_becomes_the_names_of_those_that_know_the_part(listing):
    infos = [listing.find(name, "detector") for name in ("owlv2", "depth", "yolos")]
    config = with_detectors(asked(), infos, "sd15")
    assert config.face.detector == "yolos, owlv2"


def test_without_any_that_knows_the_part_the_middle_is_taken_if_it_was_asked_for(listing):
    infos = [listing.find("depth", "detector")]
    with pytest.raises(ModelNotFoundError, match=r"knows 'face' or 'human face', which face looks"):
        with_detectors(asked(), infos, "sd15")
    config = with_detectors(asked(fallback="centre"), infos, "sd15")
    assert config.face.detector == "centre"
