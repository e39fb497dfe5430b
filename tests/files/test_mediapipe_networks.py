"""Networks are told by content; nothing here runs one."""

import os
import time

import pytest

from medialab.errors import ModelRefusedError
from medialab.files import mediapipe_networks
from medialab.files.mediapipe_networks import (
    NETWORKS,
    Network,
    beside,
    check_undamaged,
    network_of,
    read_network,
)

CONTENT = b"a network of four words"


@pytest.fixture
def small(monkeypatch):
    """A table with one small network in it."""
    import hashlib

    network = Network(
        "small.tflite", "photo-small", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()
    )
    monkeypatch.setattr(mediapipe_networks, "_BY_SIZE", {len(CONTENT): network})
    monkeypatch.setattr(mediapipe_networks, "_BY_NAME", {network.name: network})
    return network


def test_every_network_has_a_size_and_a_hash_of_its_own():
    assert len({network.nbytes for network in NETWORKS}) == len(NETWORKS)
    assert len({network.sha256 for network in NETWORKS}) == len(NETWORKS)
    assert all(len(bytes.fromhex(network.sha256)) == 32 for network in NETWORKS)


def test_a_file_is_a_network_by_its_content_alone(small, tmp_path):
    path = tmp_path / "any name.tflite"
    assert network_of(path) is None
    path.write_bytes(CONTENT)
    assert network_of(path) == small
    assert read_network(path, small) == CONTENT
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**9))
    assert network_of(path) is None
    path.write_bytes(CONTENT[:-1])
    assert network_of(path) is None


def test_another_file_of_that_size_or_name_is_damaged_and_any_other_is_none_of_ours(
    small, tmp_path
):
    path = tmp_path / "a.tflite"
    path.write_bytes(CONTENT)
    check_undamaged(path)
    other = tmp_path / "b.tflite"
    other.write_bytes(b"x" * len(CONTENT))
    with pytest.raises(ModelRefusedError, match=r"b\.tflite is dam.* the size of MediaPipe's smal"):
        check_undamaged(other)
    cut = tmp_path / "photo-small.tflite"
    cut.write_bytes(CONTENT[:-1])
    with pytest.raises(
        ModelRefusedError, match=r"all\.tflite is dam.* the name of MediaPipe's sma"
    ):
        check_undamaged(cut)
    other.write_bytes(b"x")
    check_undamaged(other)
    check_undamaged(tmp_path / "not there.tflite")


def test_content_that_changed_since_is_not_given(small, tmp_path):
    path = tmp_path / "a.tflite"
    for content, message in ((b"y" * len(CONTENT), "is not MediaPipe's"), (b"z" * 99, "too large")):
        path.write_bytes(content)
        with pytest.raises(ModelRefusedError, match=message):
            read_network(path, small)


def test_the_other_file_of_a_finder_is_found_by_content_or_named_as_missing(small, tmp_path):
    path = tmp_path / "a.tflite"
    path.write_bytes(b"another")
    (tmp_path / "c.txt").write_bytes(CONTENT)
    with pytest.raises(
        ModelRefusedError, match=r"needs a second file .* small\.tflite, .* make ph"
    ):
        beside(path, small)
    (tmp_path / "b.TFLITE").write_bytes(CONTENT)
    assert beside(path, small).name == "b.TFLITE"
