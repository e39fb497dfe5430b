"""Which backend opens which detector, and what is asked of a model that is not loaded."""

import json
from dataclasses import replace

import pytest

from medialab.errors import ModelRefusedError
from medialab.families.paperdoll import PAPERDOLL
from medialab.loading.detectors import (
    BACKENDS,
    automatic_chain,
    backend_of,
    knows,
    load_detector,
)
from medialab.loading.registry import ModelRegistry
from medialab.vision.estimators import ESTIMATORS
from medialab.vision.estimators.depth import DepthEstimator
from medialab.vision.finders.boxes import BoxDetector
from medialab.vision.finders.semantic import Segmenter
from medialab.vision.roles import Estimator, Finder, Refiner


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("segmenter", "semantic segmentation"),
        ("yolos", "object detection"),
        ("owlv2", "detection by words"),
        ("clipseg", "segmentation by words"),
        ("mask2former", "instance segmentation"),
        ("sam", "refining masks"),
        ("depth", "depth"),
        ("pose", "pose"),
        ("yolo", "YOLO in ONNX"),
    ],
)
def test_a_backend_is_told_by_config_or_header_alone(kind, title, info_of):
    info = info_of(kind)
    assert backend_of(info).title == title
    assert info.refused is None


def test_what_a_model_knows_is_told_without_loading_it(info_of):
    assert knows(info_of("yolos"), ["Face"]) is True
    assert knows(info_of("yolos"), ["tail"]) is False
    assert knows(info_of("yolo"), ["hand"]) is True
    assert knows(info_of("owlv2"), ["tail"]) is None
    assert knows(info_of("sam"), ["face"]) is False


def renamed(info, name):
    return replace(info, name=name)


def test_the_chain_begins_with_those_that_know_the_part_and_ends_with_the_embedded_one(info_of):
    embedded = renamed(info_of("segmenter"), "paperdoll")
    others = [
        renamed(info_of(kind), kind) for kind in ("owlv2", "yolos", "yolo", "sam", "mask2former")
    ]
    infos = [embedded, *others]
    known = ["mask2former", "yolo", "yolos", "owlv2"]
    assert automatic_chain(infos, ["face"]) == [*known, "paperdoll"]
    assert automatic_chain(infos, ["face"], PAPERDOLL.detectors) == ["paperdoll", *known]
    assert automatic_chain(infos, ["left hand"], PAPERDOLL.detectors) == ["owlv2"]


def test_a_refused_model_is_left_out_of_the_chain(info_of, tmp_path):
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "face.pt").write_bytes(b"\x80\x04cos\nsystem\n.")
    (refused,) = ModelRegistry(tmp_path).models("detector")
    assert "pickle" in refused.refused
    assert automatic_chain([refused], ["face"]) == []


def test_a_model_that_finds_nothing_is_refused_with_those_that_do(detector_models, tmp_path):
    folder = tmp_path / "detectors" / "mine"
    folder.mkdir(parents=True)
    source = detector_models("segmenter") / "detectors" / "mine"
    settings = json.loads((source / "config.json").read_text())
    settings["architectures"] = ["BertForMaskedLM"]
    (folder / "config.json").write_text(json.dumps(settings))
    info = ModelRegistry(tmp_path).find("mine", "detector")
    with pytest.raises(ModelRefusedError, match=r"BertForMaskedLM; those .*object detection"):
        load_detector(info, "cpu")
    settings["architectures"] = ["UperNetForSemanticSegmentation"]
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelRefusedError, match="detector 'mine' cannot be loaded"):
        load_detector(ModelRegistry(tmp_path).find("mine", "detector"), "cpu")


def test_classes_are_those_that_the_configs_name(info_of):
    assert isinstance(load_detector(info_of("yolos"), "cpu"), BoxDetector)
    assert isinstance(load_detector(info_of("segmenter"), "cpu"), Segmenter)


@pytest.mark.parametrize(
    ("kind", "role"),
    [("yolos", Finder), ("yolo", Finder), ("sam", Refiner), ("depth", DepthEstimator)],
)
def test_what_a_model_can_do_is_told_without_loading_it_and_is_true(kind, role, info_of):
    assert backend_of(info_of(kind)).role is role
    assert isinstance(load_detector(info_of(kind), "cpu"), role)


def test_every_estimator_has_a_backend_of_its_name():
    backends = {one.title: one.role for one in BACKENDS if issubclass(one.role, Estimator)}
    assert backends == ESTIMATORS


def test_the_table_names_every_backend_once():
    titles = [backend.title for backend in BACKENDS]
    assert len(set(titles)) == len(titles)
