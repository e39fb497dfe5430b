"""The hashes of a file, compared with what its bytes give by hand."""

import hashlib
import json
import zlib

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab.files import digests
from medialab.files.digests import Digests, autov1, read_digests, sha256_of_tensors
from medialab.files.regular import open_regular
from tests.examples import examples

MIB = 2**20


def safetensors(body, **metadata):
    """A file with one tensor of bytes."""
    entry = {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}
    header = json.dumps({"__metadata__": metadata, "a": entry}).encode()
    return len(header).to_bytes(8, "little") + header + body, len(header) + 8


def digests_of(path, step=lambda count: None):
    with open_regular(path) as file:
        return read_digests(path, file, step)


@pytest.fixture
def body():
    return bytes(range(256)) * (6 * MIB // 256) + b"end"


def test_each_hash_is_what_its_definition_gives(tmp_path, body):
    content, start = safetensors(body)
    path = tmp_path / "ink.safetensors"
    path.write_bytes(content)
    found = digests_of(path)
    assert found == Digests(
        sha256=hashlib.sha256(content).hexdigest(),
        tensors=hashlib.sha256(content[start:]).hexdigest(),
        noted="",
        autov1=hashlib.sha256(content[MIB : MIB + 65536]).hexdigest()[:8],
        blake3=blake3(content).hexdigest(),
        crc32=f"{zlib.crc32(content):08x}",
    )
    assert (found.autov2, found.autov3) == (found.sha256[:10], found.tensors[:12])
    assert autov1(path) == found.autov1
    assert sha256_of_tensors(path) == found.tensors


def test_a_known_file_has_the_published_hashes(tmp_path):
    """Of b"abc": FIPS 180-2, the BLAKE3 team's test program, and the CRC-32 of zip files."""
    path = tmp_path / "abc.onnx"
    path.write_bytes(b"abc")
    assert digests_of(path) == Digests(
        sha256="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        blake3="6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        crc32="352441c2",
    )


def test_the_hash_that_the_metadata_notes_is_autov3_and_does_not_hide_the_tensors(tmp_path):
    noted = "0x" + "AB" * 32
    content, start = safetensors(b"tensor", sshs_model_hash=noted)
    path = tmp_path / "ink.safetensors"
    path.write_bytes(content)
    found = digests_of(path)
    assert (found.noted, found.autov3) == ("ab" * 32, "ab" * 6)
    assert found.tensors == hashlib.sha256(content[start:]).hexdigest()


@pytest.mark.parametrize("noted", ["", "none", "abc", "ab" * 33, "../../x" * 2])
def test_what_is_no_hash_in_the_metadata_is_left_out(tmp_path, noted):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(safetensors(b"tensor", sshs_model_hash=noted)[0])
    found = digests_of(path)
    assert (found.noted, found.autov3) == ("", found.tensors[:12])


@pytest.mark.parametrize(
    "content",
    [b"", b"1234567", b"\xff" * 16, (100).to_bytes(8, "little") + b"{}", b"<html>" * 10],
    ids=["empty", "short", "huge header", "cut header", "html"],
)
def test_a_broken_file_has_hashes_but_none_of_tensors(tmp_path, content):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(content)
    found = digests_of(path)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.tensors, found.noted, found.autov1, found.autov3) == ("", "", "", "")


@settings(max_examples=examples(30), deadline=None)
@given(size=st.integers(0, 3_000), piece=st.integers(8, 700))
def test_the_hashes_do_not_depend_on_the_pieces_in_which_a_file_is_read(
    tmp_path_factory, size, piece
):
    folder = tmp_path_factory.mktemp("digests")
    content, _ = safetensors(bytes(number % 251 for number in range(size)))
    path = folder / "ink.safetensors"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "_AUTOV1_START", 1_000)
        patch.setattr(digests, "_AUTOV1_LENGTH", 500)
        whole = digests_of(path)
        patch.setattr(digests, "_PIECE", piece)
        told = []
        assert digests_of(path, told.append) == whole
        assert autov1(path) == whole.autov1
    assert sum(told) == len(content)
    assert max(told, default=0) <= piece


KNOWN = Digests("a" * 64, "b" * 64, "c" * 12, "12345678", "d" * 64, "87654321")


@pytest.mark.parametrize(
    "text",
    ["a" * 64, "a" * 10, "b" * 12, "c" * 12, "c" * 64, "d" * 64, "12345678", "87654321", "d" * 8],
)
def test_a_hash_of_any_kind_is_recognised(text):
    assert KNOWN.include(text)


@pytest.mark.parametrize("text", ["", "a" * 7, "123456789", "1234567", "e" * 64, "c" * 11 + "d"])
def test_another_hash_and_less_than_eight_digits_are_not(text):
    assert not KNOWN.include(text)
    assert not Digests("").include(text)
