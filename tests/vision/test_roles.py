"""What every finder, estimator, refiner and scorer promises, of real classes at tiny size."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageDraw

from medialab.errors import ModelRefusedError
from medialab.files.mediapipe_networks import FACE_FULL, PALM, POSE
from medialab.loading.detectors import knows, load_detector
from medialab.loading.registry import ModelRegistry
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.vision.finders.given import GivenMask, Middle
from medialab.vision.roles import Estimator, Finder, Refiner, Scorer, find_by
from tests.photos.photos import photo
from tests.tiny.detectors import ESTIMATORS, FINDERS, NETWORKS, ONNX_KINDS, REFINERS, SCORERS

LOADED_FINDERS = [*FINDERS, *ONNX_KINDS]
WORDS = ("face", "hand", "body")
# Finders that no tiny model stands for: they run MediaPipe's own files, where there are some.
PHOTO_FINDERS = {"faces in photos": FACE_FULL, "hands in photos": PALM, "people in photos": POSE}


@pytest.fixture
def picture(request, picture):
    """A picture that the model sees something in: of a finder for photos, a photo."""
    kind = getattr(request.node, "callspec", None) and request.node.callspec.params.get("kind")
    return photo("three_people").image if kind in PHOTO_FINDERS else picture


@pytest.fixture
def model(kind, info_of):
    return load_detector(info_of(kind), "cpu")


@pytest.fixture
def finder(kind, info_of, picture, request):
    """A finder of that kind, with a model or without."""
    if kind in PHOTO_FINDERS:
        path = request.getfixturevalue("photo_files")[PHOTO_FINDERS[kind]]
        registry = ModelRegistry(path.parents[1], device="cpu")
        return load_detector(registry.find(path.stem, "detector"), "cpu")
    if kind == "middle":
        return Middle()
    if kind == "given mask":
        mask = box_mask(Box(10, 8, 40, 30), *picture.size)
        ImageDraw.Draw(mask).ellipse((80, 20, 120, 70), fill=255)
        return GivenMask(mask)
    return load_detector(info_of(kind), "cpu")


every_finder = pytest.mark.parametrize(
    "kind", [*LOADED_FINDERS, *PHOTO_FINDERS, "middle", "given mask"]
)


def as_values(detections):
    return [(one.label, one.confidence, one.box, one.mask.tobytes()) for one in detections]


@pytest.mark.thorough
@every_finder
def test_detections_lie_in_the_picture_the_most_confident_first(kind, finder, picture):
    assert isinstance(finder, Finder)
    detections = finder.find(picture, *WORDS)
    assert detections
    for one in detections:
        assert one.box.area > 0
        assert one.box.within(*picture.size) == one.box
        assert 0 <= one.confidence <= 1
        assert one.label in WORDS
    confidences = [one.confidence for one in detections]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.thorough
@every_finder
def test_a_shape_is_a_mask_of_the_pictures_size_that_fills_its_box(kind, finder, picture):
    for one in finder.find(picture, *WORDS):
        assert one.mask.size == picture.size
        assert one.mask.mode == "L"
        assert set(np.unique(np.asarray(one.mask))) <= {0, 255}
        assert one.mask.getbbox() == one.box.edges


@pytest.mark.thorough
@every_finder
def test_the_same_picture_gives_the_same_detections_and_stays_as_it_was(kind, finder, picture):
    before = picture.tobytes()
    first, second = (as_values(finder.find(picture, *WORDS)) for _ in range(2))
    assert first == second
    assert picture.tobytes() == before


@pytest.mark.thorough
@every_finder
def test_only_what_is_asked_for_is_found_whatever_its_capitals(kind, finder, picture):
    assert {one.label.casefold() for one in finder.find(picture, "FACE")} <= {"face"}
    assert finder.find(picture) == []


@pytest.mark.thorough
@pytest.mark.parametrize("kind", LOADED_FINDERS)
def test_a_model_finds_a_word_that_it_does_not_know_only_if_it_takes_any(
    kind, model, info_of, picture
):
    found = {one.label for one in model.find(picture, "tail")}
    assert found == ({"tail"} if knows(info_of(kind), ["tail"]) is None else set())


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_an_estimate_is_an_rgb_picture_of_the_same_size_and_the_same_each_time(
    kind, model, picture
):
    assert isinstance(model, Estimator)
    before = picture.tobytes()
    first, second = (model.estimate(picture) for _ in range(2))
    assert (first.size, first.mode) == (picture.size, "RGB")
    assert first.tobytes() == second.tobytes()
    assert picture.tobytes() == before


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_an_estimator_takes_boxes_of_the_parts_that_it_looks_at(kind, model, picture):
    with_boxes = model.estimate(picture, [Box(0, 0, 48, 64), Box(48, 0, 96, 64)])
    differs = with_boxes.tobytes() != model.estimate(picture).tobytes()
    assert differs == bool(model.looks_at)


@pytest.mark.parametrize("kind", REFINERS)
def test_a_refined_detection_is_the_same_one_with_a_shape_within_its_box(kind, model, picture):
    assert isinstance(model, Refiner)
    (detection,) = Middle().find(picture, "face")
    detection = replace(detection, confidence=0.7, index=3)
    before = picture.tobytes()
    first, second = (model.refine(picture, detection) for _ in range(2))
    assert as_values([first]) == as_values([second])
    assert (first.label, first.confidence, first.index) == ("face", 0.7, 3)
    assert first.mask.getbbox() == first.box.edges
    inside, outline = np.asarray(first.mask) > 0, np.asarray(detection.mask) > 0
    assert not (inside & ~outline).any()
    assert picture.tobytes() == before


@pytest.mark.parametrize("kind", SCORERS)
def test_a_score_is_the_same_number_each_time_and_differs_by_picture(kind, model, picture):
    assert isinstance(model, Scorer)
    before = picture.tobytes()
    first, second = (model.score(picture, "a face " * 100) for _ in range(2))
    assert first == second
    assert 0 <= first <= 100
    assert model.score(picture.transpose(1).point(lambda level: 255 - level), "a face") != first
    assert picture.tobytes() == before


def test_a_text_makes_a_difference_to_clip(info_of, picture):
    clip = load_detector(info_of("clip"), "cpu")
    scores = {clip.score(picture, text) for text in ("a face", "a red car", "the sea at night", "")}
    assert len(scores) > 1


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [*NETWORKS, *ONNX_KINDS])
def test_each_model_does_one_thing(kind, model):
    assert sum(isinstance(model, role) for role in (Finder, Estimator, Refiner, Scorer)) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [*NETWORKS, *ONNX_KINDS])
def test_it_weighs_something_and_release_frees_it(kind, detector_models, picture):
    registry = ModelRegistry(detector_models(kind), device="cpu")
    model = registry.load(registry.find("mine", "detector"))
    assert model.nbytes > 0
    network = getattr(model, "_network", None)
    network = getattr(model, "_session", None) if network is None else network
    left = weakref.ref(network)
    del network
    registry.unload_all()
    gc.collect()
    assert left() is None


def test_a_model_that_finds_no_parts_is_refused_by_name_where_parts_are_asked_for(info_of, picture):
    with pytest.raises(ModelRefusedError, match="detector 'mine' finds no parts"):
        find_by(load_detector(info_of("depth"), "cpu"), "mine", picture, "face")


class Failing:
    def __init__(self, error):
        self.error = error

    def find(self, image, *words):
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("x\ny"), KeyError("scores"), TypeError(), OSError()]
)
def test_what_a_detector_fails_with_is_told_with_its_name(error, picture):
    with pytest.raises(ModelRefusedError, match=r"detector 'odd' failed on this picture: ."):
        find_by(Failing(error), "odd", picture, "face")


def test_running_out_of_memory_is_no_fault_of_a_detector(picture):
    with pytest.raises(MemoryError):
        find_by(Failing(MemoryError()), "odd", picture, "face")
