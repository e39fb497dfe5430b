"""The record says how far a picture is from the one that was kept."""

import pytest
from PIL import Image

from tests.golden import record


def entries(*levels):
    return [record.entry(Image.new("RGB", (20, 12), (level, 0, 0))) for level in levels]


@pytest.mark.parametrize("by_bytes", [True, False])
def test_the_same_picture_is_no_difference(by_bytes):
    assert record.difference("one", entries(9), entries(9), by_bytes=by_bytes) is None


def test_one_level_is_other_bytes_and_near():
    told = record.difference("one", entries(9, 9), entries(9, 10), by_bytes=True)
    assert told == (
        "one, picture 2 of 2: other bytes; the thumbnail is off by 1 levels at most, 0.33 mean"
    )
    assert record.difference("one", entries(9), entries(10), by_bytes=False) is None


def test_a_few_levels_are_too_far_from_any_machine():
    told = record.difference("one", entries(9), entries(14), by_bytes=False)
    assert told.endswith("is off by 5 levels at most, 1.67 mean; 4 are allowed")


def test_another_size_or_another_number_is_told():
    other = [record.entry(Image.new("RGB", (12, 20), (9, 0, 0)))]
    told = record.difference("one", entries(9), other, by_bytes=False)
    assert told == "one, picture 1 of 1: [12, 20] pixels instead of [20, 12]"
    assert record.difference("one", entries(9), [], by_bytes=True) == "one: 0 pictures instead of 1"


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FILE", tmp_path / "golden.json")
    found = {"facts": record.facts_here(1), "pictures": {"one": entries(9), "two": entries(1, 2)}}
    record.write(found)
    assert record.read() == found
