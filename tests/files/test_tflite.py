"""The header of a .tflite file is read without running it, and a broken file is refused."""

import random

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.tflite import parse_tflite, read_tflite
from tests.tiny.tflite import tiny_tflite, write_tflite

SHAPES = {"inputs": ((1, 192, 192, 3),), "outputs": ((1, 2016, 18), (1, 2016, 1))}


def test_shapes_of_what_goes_in_and_comes_out_are_read(tmp_path):
    header = read_tflite(write_tflite(tmp_path / "palm.tflite", **SHAPES))
    assert header._asdict() == SHAPES


def test_a_file_that_is_cut_short_anywhere_is_refused():
    content = tiny_tflite(**SHAPES)
    for length in range(len(content)):
        with pytest.raises(ModelRefusedError, match=r"a\.tflite is"):
            parse_tflite("a.tflite", content[:length])


def test_damaged_bytes_give_a_named_error_or_a_header_and_never_another_error():
    content, chance = tiny_tflite(**SHAPES), random.Random(1)
    for _ in range(2000):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            header = parse_tflite("a.tflite", bytes(damaged))
        except ModelRefusedError:
            continue
        assert len(header.inputs) + len(header.outputs) < 1000


def test_counts_that_no_file_can_hold_are_refused_at_once():
    content = tiny_tflite()
    at = content.index(bytes([4, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0]))  # the sides of the input
    huge = content[:at] + (2**31).to_bytes(4, "little") + content[at + 4 :]
    with pytest.raises(ModelRefusedError, match="a part of 2,147,483,648 elements does not fit"):
        parse_tflite("a.tflite", huge)


def test_a_folder_and_a_file_that_is_not_there_are_named(tmp_path):
    for path in (tmp_path, tmp_path / "a.tflite"):
        with pytest.raises(ModelRefusedError, match=f"{path.name} is not readable"):
            read_tflite(path)
