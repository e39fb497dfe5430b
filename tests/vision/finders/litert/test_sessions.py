"""LiteRT is given only files that are known by their content."""

import sys

import numpy as np
import pytest

from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.files.mediapipe_networks import FACE_SHORT, PALM
from medialab.vision.finders.litert.sessions import Session


def test_a_network_takes_a_square_and_gives_its_outputs_in_order(photo_files, capfd):
    session = Session(photo_files[FACE_SHORT], FACE_SHORT, 1)
    assert session.nbytes == FACE_SHORT.nbytes
    assert session.size == 128
    pixels = np.random.default_rng(1).random((128, 128, 3), np.float32)
    first, second = session.run(pixels), session.run(pixels)
    assert [one.shape for one in first] == [(896, 16), (896, 1)]
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    assert capfd.readouterr() == ("", "")


def test_another_file_is_refused_before_litert_sees_it(photo_files, tmp_path):
    with pytest.raises(ModelRefusedError, match="is not MediaPipe's palm_detection_full"):
        Session(photo_files[FACE_SHORT], PALM, 1)
    damaged = bytearray(photo_files[FACE_SHORT].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path = tmp_path / "photo-face-short.tflite"
    path.write_bytes(damaged)
    with pytest.raises(ModelRefusedError, match=r"photo-face-short\.tflite is not MediaPipe's"):
        Session(path, FACE_SHORT, 1)


def test_without_litert_the_command_that_installs_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(MissingLibraryError, match=r'LiteRT.*"media-lab-studio\[photos\]"'):
        Session(tmp_path / "a.tflite", PALM, 1)
