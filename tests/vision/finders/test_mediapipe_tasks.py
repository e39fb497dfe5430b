"""MediaPipe's files."""

import sys
import zipfile

import pytest

from medialab.errors import MissingLibraryError
from medialab.loading.detectors import knows, load_detector, why_absent
from medialab.loading.registry import ModelRegistry
from tests.tiny.tflite import write_tflite


def test_mediapipes_files_are_told_by_their_marks_and_names(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    folder = tmp_path / "detectors"
    folder.mkdir()
    with zipfile.ZipFile(folder / "hand_landmarker.task", "w") as bundle:
        bundle.writestr("hand_detector.tflite", b"\0\0\0\0TFL3")
    write_tflite(folder / "blaze_face.tflite")
    (folder / "page.task").write_text("<html>")
    face, hand, page = ModelRegistry(tmp_path).models("detector")
    assert knows(face, ["face"])
    assert knows(hand, ["hand"])
    assert not knows(hand, ["face"])
    assert "pip install mediapipe" in why_absent(hand)
    assert "page.task is" in page.refused
    with pytest.raises(MissingLibraryError, match="mediapipe"):
        load_detector(hand, "cpu")
