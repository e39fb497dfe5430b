"""What files say is read again after a change, and only then."""

import time

import pytest

from medialab.files.hashes import Stamp
from medialab.listing.unchanged import unchanged

asked = []  # paths, in order


def read(path):
    asked.append(path)
    return path.read_text()


def settle(path):
    """Wait until every later write will show in the stamp."""
    while not Stamp.of(path.stat()).is_settled():
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def none_read():
    asked.clear()


def test_it_is_read_once_until_the_file_changes(tmp_path):
    file = tmp_path / "config.json"
    file.write_text("one")
    settle(file)
    assert [unchanged(read, file, [file]) for _ in range(3)] == ["one"] * 3
    assert len(asked) == 1
    file.write_text("two")
    settle(file)
    assert [unchanged(read, file, [file]) for _ in range(3)] == ["two"] * 3
    assert len(asked) == 2


def test_a_file_that_appears_changes_what_several_say(tmp_path):
    file, other = tmp_path / "a.json", tmp_path / "b.json"
    file.write_text("one")
    settle(file)
    for _ in range(2):
        unchanged(read, file, [file, other])
    assert len(asked) == 1
    other.write_text("there")
    settle(other)
    unchanged(read, file, [file, other])
    assert len(asked) == 2


def test_a_file_that_was_just_written_is_read_each_time(tmp_path, monkeypatch):
    file = tmp_path / "config.json"
    file.write_text("one")
    monkeypatch.setattr(Stamp, "is_settled", lambda _stamp: False)
    for _ in range(2):
        unchanged(read, file, [file])
    assert len(asked) == 2


def test_what_cannot_be_read_raises_each_time(tmp_path):
    absent = tmp_path / "absent"
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            unchanged(read, absent, [absent])
    assert asked == [absent] * 2
