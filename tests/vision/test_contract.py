"""What every detector backend promises, of real classes at tiny size."""

import gc
import weakref

import numpy as np
import pytest

from medialab.loading.registry import ModelRegistry
from medialab.vision import load_detector
from tests.tiny.detectors import NETWORKS, ONNX_KINDS

FINDING = [*(kind for kind in NETWORKS if kind not in {"sam", "depth"}), *ONNX_KINDS]
every_kind = pytest.mark.parametrize("kind", [*NETWORKS, *ONNX_KINDS])
every_finder = pytest.mark.parametrize("kind", FINDING)
WORDS = {"segmenter": ("body", "face", "hand")}


@pytest.fixture
def detector(kind, info_of):
    return load_detector(info_of(kind), "cpu")


def found_by(detector, kind, picture):
    return detector.find(picture, *WORDS.get(kind, ("face", "hand")))


@every_finder
def test_finds_lie_in_the_picture_and_are_as_sure_as_can_be_surest_first(kind, detector, picture):
    finds = found_by(detector, kind, picture)
    assert finds
    for found in finds:
        assert found.box.area > 0
        assert found.box.within(*picture.size) == found.box
        assert 0 <= found.confidence <= 1
        assert found.label in WORDS.get(kind, ("face", "hand"))
    sure = [found.confidence for found in finds]
    assert sure == sorted(sure, reverse=True)


@every_finder
def test_a_shape_is_a_mask_of_the_pictures_size_that_fills_its_box(kind, detector, picture):
    for found in found_by(detector, kind, picture):
        assert found.mask.size == picture.size
        assert found.mask.mode == "L"
        assert set(np.unique(np.asarray(found.mask))) <= {0, 255}
        assert found.mask.getbbox() == found.box.edges


@every_kind
def test_the_same_picture_gives_the_same_finds_and_stays_as_it_was(kind, detector, picture):
    before = picture.tobytes()
    first, second = (
        [(one.box, one.confidence, one.label, one.mask.tobytes()) for one in finds]
        for finds in (found_by(detector, kind, picture) for _ in range(2))
    )
    assert first == second
    assert picture.tobytes() == before


@every_finder
def test_only_what_is_asked_for_is_found_whatever_its_capitals(kind, detector, picture):
    finds = detector.find(picture, "FACE")
    assert {found.label.casefold() for found in finds} <= {"face"}
    assert detector.find(picture) == []


@pytest.mark.parametrize(
    "kind", [one for one in FINDING if one not in {"owlvit", "owlv2", "grounding dino", "clipseg"}]
)
def test_a_model_with_labels_of_its_own_finds_nothing_under_others(kind, detector, picture):
    assert detector.find(picture, "tail") == []


@every_kind
def test_it_weighs_something_and_release_frees_it(kind, detector_models, tmp_path, picture):
    registry = ModelRegistry(detector_models(kind), device="cpu")
    detector = registry.load(registry.find("mine", "detector"))
    found_by(detector, kind, picture)
    assert detector.nbytes > 0
    network = getattr(detector, "_network", None)
    network = getattr(detector, "_session", None) if network is None else network
    left = weakref.ref(network)
    del network
    registry.unload_all()
    gc.collect()
    assert left() is None
