"""The index follows the folders of days and their sidecars, and reads only what has changed."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from medialab.artifacts import ArtifactManager, Sidecar, index_tables
from tests.artifacts.pictures import config, image


def test_pictures_that_come_and_go_by_hand_are_seen(manager, outputs):
    first, second = (manager.save(image(), config(), {}) for _ in range(2))
    assert len(manager.find()) == 2
    first.path.unlink()
    assert manager.find() == [second]
    other = outputs / "2020-01-01"
    other.mkdir()
    for path in (second.path, second.sidecar):
        (other / path.name).write_bytes(path.read_bytes())
    assert {found.id for found in manager.find()} == {second.id, "2020-01-01/00002"}
    for path in [*other.iterdir()]:
        path.unlink()
    other.rmdir()
    assert manager.find() == [second]


def test_one_unreadable_sidecar_does_not_hide_the_others(manager):
    good, bad = (manager.save(image(), config(), {}) for _ in range(2))
    bad.sidecar.write_text("{")
    assert manager.find() == [good]


def test_a_settled_folder_is_not_listed_again(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    long_ago = time.time() - 60
    os.utime(saved.path.parent, (long_ago, long_ago))
    assert manager.find() == [saved]
    monkeypatch.setattr(index_tables, "_follow_day", None)
    assert manager.find() == [saved]


@pytest.mark.parametrize("spoil", ["cut", "closed", "a link to nothing"])
def test_a_sidecar_that_is_mended_in_its_place_is_listed_again(manager, spoil, tmp_path):
    good, bad = (manager.save(image(), config(), {}) for _ in range(2))
    content = bad.sidecar.read_bytes()
    if spoil == "a link to nothing":
        bad.sidecar.unlink()
        bad.sidecar.symlink_to(tmp_path / "drive.json")
    else:
        bad.sidecar.write_bytes(b"{")
    long_ago = time.time() - 60
    os.utime(bad.path.parent, (long_ago, long_ago))
    assert manager.find() == [good]
    assert [one.path for one in manager.left_out()] == [bad.path]
    bad.sidecar.write_bytes(content)  # the folder's time stays
    assert {one.id for one in manager.find()} == {good.id, bad.id}
    assert manager.left_out() == []


def test_what_was_read_before_a_kill_is_not_read_again(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    for number in range(4):
        day = outputs / f"2020-01-0{number + 1}"
        day.mkdir()
        for path in (saved.path, saved.sidecar):
            (day / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(index_tables, "_WRITE_SECONDS", 0)
    whole, read = Sidecar.read, []

    def killed_at_the_third(path):
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(path)
        return whole(path)

    with monkeypatch.context() as patched:
        patched.setattr(Sidecar, "read", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            manager.find()
    with monkeypatch.context() as patched:
        patched.setattr(Sidecar, "read", lambda path: read.append(path) or whole(path))
        assert len(manager.find()) == 5
    assert len(read) == len({*read}) == 5


def test_two_that_follow_the_same_folders_at_once_read_them_rightly(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    for number in range(6):
        day = outputs / f"2020-01-0{number + 1}"
        day.mkdir()
        for path in (saved.path, saved.sidecar):
            (day / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(index_tables, "_WRITE_SECONDS", 0)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: len(ArtifactManager(outputs).find()), range(8)))
    assert found == [7] * 8
