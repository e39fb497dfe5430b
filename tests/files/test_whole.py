"""A file is written whole or not at all."""

import os
import threading

import pytest

from medialab.files.whole import UNFINISHED, name_once, write_whole


def test_a_file_is_written_with_its_folder_and_its_time(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    write_whole(path, b"content", modified_ns=1_700_000_000_000_000_000)
    assert path.read_bytes() == b"content"
    assert path.stat().st_mtime_ns == 1_700_000_000_000_000_000
    assert [*path.parent.iterdir()] == [path]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    write_whole(path, b"old")

    def full(number, mode):
        os.close(number)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
@pytest.mark.parametrize(("private", "others"), [(True, 0), (False, 0o044)])
def test_others_may_read_a_file_unless_it_is_private(tmp_path, private, others):
    path, before = tmp_path / "file.bin", os.umask(0o022)
    try:
        write_whole(path, b"content", private=private)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o077 == others


def test_a_folder_in_its_place_stays_and_no_unfinished_file_is_left(tmp_path):
    path = tmp_path / "file.bin"
    path.mkdir()
    with pytest.raises(OSError, match=r"file\.bin"):
        write_whole(path, b"new")
    assert [*tmp_path.iterdir()] == [path]


def test_a_reader_sees_one_of_the_contents_whole_while_several_write(tmp_path):
    path = tmp_path / "file.bin"
    contents = [bytes([number]) * 50_000 for number in range(4)]
    write_whole(path, contents[0])
    writers = [
        threading.Thread(target=lambda one=one: [write_whole(path, one) for _ in range(20)])
        for one in contents
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in contents
    for writer in writers:
        writer.join()
    assert not [*tmp_path.glob(f"*{UNFINISHED}")]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_finished_file_gets_its_name_and_never_over_another(tmp_path, monkeypatch, has_links):
    """On a disk with hard links, and on one without."""
    if not has_links:

        def refused(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refused)
    first, second, lost = tmp_path / "1", tmp_path / "2", tmp_path / "lost"
    first.write_text("first")
    second.write_text("second")
    lost.symlink_to(tmp_path / "nowhere")
    assert name_once(first, tmp_path / "name")
    assert not name_once(second, tmp_path / "name")
    assert not name_once(second, lost)
    assert (tmp_path / "name").read_text() == "first"
    assert {one.name for one in tmp_path.iterdir()} == {"name", "2", "lost"}
