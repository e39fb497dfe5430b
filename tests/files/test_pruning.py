"""A folder of files is kept within its bytes, the least recently used go first."""

import os

import pytest

from medialab.files.pruning import prune, stored_file, stored_files, total_size


@pytest.fixture
def folder(tmp_path):
    """Ten files of ten bytes; the later their letter, the later their use."""
    for number, name in enumerate("abcdefghij"):
        path = tmp_path / name
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))
    return tmp_path


def names_in(folder):
    return "".join(sorted(path.name for path in folder.iterdir()))


def test_files_are_listed_by_their_use_without_links_and_folders(folder):
    (folder / "link").symlink_to(folder / "a")
    (folder / "folder").mkdir()
    os.utime(folder / "a", (100, 100))
    files = stored_files(folder.iterdir())
    assert "".join(one.path.name for one in files) == "bcdefghija"
    assert total_size(files) == 100
    assert stored_file(folder / "link") is None
    assert stored_file(folder / "gone") is None


def test_nothing_goes_from_what_is_small_enough(folder):
    assert prune(stored_files(folder.iterdir()), 100, pytest.fail) == []


def test_the_least_recently_used_go_until_a_tenth_is_free(folder):
    gone = prune(stored_files(folder.iterdir()), 50)
    assert "".join(one.path.name for one in gone) == "abcdef"
    assert names_in(folder) == "ghij"


def test_what_may_not_go_stays_and_others_go_for_it(folder):
    prune(stored_files(folder.iterdir()), 80, lambda one: one.path.name not in "abc")
    assert names_in(folder) == "abcghij"


def test_a_file_that_cannot_be_removed_stays_and_another_goes_for_it(folder):
    files = stored_files(folder.iterdir())
    (folder / "a").unlink()
    (folder / "a").mkdir()
    assert "".join(one.path.name for one in prune(files, 90)) == "bc"
