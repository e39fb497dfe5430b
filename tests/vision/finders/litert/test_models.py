"""Which file names a finder, and what is said of the others; through the registry."""

import shutil

import pytest

from medialab.errors import ConfigError, ModelRefusedError
from medialab.files.mediapipe_networks import (
    FACE_FULL,
    FACE_SHORT,
    HAND,
    NETWORKS,
    PALM,
    POSE,
)
from medialab.loading.detectors import automatic_chain, backend_of, knows, load_detector
from medialab.loading.registry import ModelRegistry
from medialab.runs.automatic_detectors import check_detectors, with_detectors
from medialab.vision.roles import Finder, Refiner
from tests.photos.photos import photo
from tests.runs.test_automatic_detectors import asked

NAMES = {network: network.name for network in NETWORKS}


@pytest.fixture
def put(photo_files, tmp_path):
    """Puts networks' files into a models folder under the names that `make photos` gives them."""

    def put_there(*networks, names=NAMES):
        folder = tmp_path / "models" / "detectors"
        folder.mkdir(parents=True, exist_ok=True)
        for network in networks or NAMES:
            shutil.copy(photo_files[network], folder / f"{names[network]}.tflite")
        return ModelRegistry(tmp_path / "models", device="cpu")

    return put_there


def test_three_files_name_a_finder_one_a_refiner_and_three_help_another(put):
    infos = {info.name: info for info in put().models("detector")}
    titles = {name: backend_of(info).title for name, info in infos.items()}
    finders = {name for name, title in titles.items() if title.startswith("faces, hands")}
    assert finders == {"photo-face-full", "photo-palm", "photo-pose"}
    assert backend_of(infos["photo-selfie"]).role is Refiner
    assert knows(infos["photo-palm"], ["Human hand"])
    assert not knows(infos["photo-palm"], ["face"])
    for word, name in (("face", "photo-face-full"), ("hand", "photo-palm"), ("body", "photo-pose")):
        assert automatic_chain(list(infos.values()), [word]) == [name]


def test_a_file_is_known_by_its_content_whatever_its_name(put):
    registry = put(PALM, HAND, names={PALM: "face_something", HAND: "b"})
    info = registry.find("face_something", "detector")
    assert knows(info, ["hand"])
    assert isinstance(load_detector(info, "cpu"), Finder)


@pytest.mark.parametrize(
    ("network", "missing"),
    [
        (FACE_FULL, "face_detection_short_range"),
        (PALM, "hand_landmark"),
        (POSE, "pose_landmark_full"),
    ],
)
def test_a_finder_says_which_file_it_lacks(put, network, missing):
    info = put(network).find(NAMES[network], "detector")
    message = rf"{NAMES[network]}\.tflite needs a second file beside it, MediaPipe's {missing}"
    with pytest.raises(ModelRefusedError, match=message):
        load_detector(info, "cpu")


def test_one_that_only_helps_is_refused_with_the_name_of_the_one_it_helps(put):
    registry = put()
    info = registry.find("photo-hand", "detector")
    with pytest.raises(ModelRefusedError, match="name the detector that uses it, 'photo-palm'"):
        load_detector(info, "cpu")
    with pytest.raises(ConfigError, match="'photo-hand' is a model for a detector's second look"):
        check_detectors(asked(detector="photo-hand"), registry.snapshot())


def test_damaged_and_cut_files_are_refused_in_the_listing_without_running_them(put, photo_files):
    registry = put(PALM, HAND)
    path = registry.find("photo-palm", "detector").path
    content = photo_files[PALM].read_bytes()
    for broken, message in (
        (content[: len(content) // 2], "is broken or cut short"),
        (content[:-1], "is damaged, or another file: it has the name"),
        (
            content[:5000] + b"\0" + content[5001:],
            "is damaged, or another file: it has the size",
        ),
        (b"<html>" + content[6:], r"is not a \.tflite model"),
    ):
        path.write_bytes(broken)
        with pytest.raises(ModelRefusedError, match=message):
            registry.find("photo-palm", "detector")


def test_automatic_takes_those_for_photos_but_for_dolls_the_dolls_own(put, detector_models):
    registry = put()
    tiny = detector_models("segmenter") / "detectors" / "mine"
    shutil.copytree(tiny, registry.folder / "detectors" / "paperdoll")
    infos = registry.models("detector")
    chosen = {
        family: with_detectors(asked(), infos, family).face.detector
        for family in ("sd15", "sdxl", "paperdoll")
    }
    assert chosen == {
        "sd15": "photo-face-full",
        "sdxl": "photo-face-full",
        "paperdoll": "paperdoll",
    }


def test_a_finder_that_was_released_finds_nothing_and_loads_again(put):
    registry = put()
    info = registry.find("photo-face-full", "detector")
    image = photo("portrait_2").image
    model = registry.load(info)
    assert model.nbytes == FACE_FULL.nbytes + FACE_SHORT.nbytes
    assert len(model.find(image, "face")) == 1
    registry.unload_all()
    assert model.find(image, "face") == []
    assert len(registry.load(info).find(image, "face")) == 1
