"""The index is made anew where it is damaged, and in memory where it cannot be written."""

import sqlite3

import pytest

from medialab.errors import ArtifactError
from tests.artifacts.pictures import config, image


@pytest.mark.parametrize("damage", ["gone", "garbage", "truncated", "emptied", "other tables"])
def test_a_damaged_index_is_made_anew_in_silence(manager, outputs, damage):
    saved = manager.save(image(), config(), {})
    assert manager.find() == [saved]
    index = outputs / "index.sqlite"
    if damage == "gone":
        index.unlink()
    elif damage == "other tables":
        with sqlite3.connect(index) as connection:
            connection.execute("DROP TABLE days")
        connection.close()
    else:
        whole = index.read_bytes()
        index.write_bytes(
            {"garbage": b"x" * 9000, "truncated": whole[:5000], "emptied": b""}[damage]
        )
    assert manager.find() == [saved]


def test_an_index_that_another_process_holds_is_told(manager, outputs, monkeypatch):
    manager.save(image(), config(), {})
    manager.find()
    monkeypatch.setattr("medialab.artifacts.index_file._BUSY_SECONDS", 0.1)
    holder = sqlite3.connect(outputs / "index.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ArtifactError, match=r"another process has held .* try again"):
        manager.find()
    holder.close()


def test_an_index_that_cannot_be_made_on_the_disk_is_made_in_memory(manager, outputs):
    saved = manager.save(image(), config(), {})
    (outputs / "index.sqlite").mkdir()
    assert manager.find() == [saved]
    later = manager.save(image(), config(), {})
    assert manager.find() == [later, saved]


def test_a_damaged_index_that_cannot_be_replaced_is_answered_from_memory(
    manager, outputs, monkeypatch
):
    saved = manager.save(image(), config(), {})
    manager.find()
    with sqlite3.connect(outputs / "index.sqlite") as index:
        index.execute("UPDATE pictures SET tags = 'no JSON'")
    index.close()

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("medialab.artifacts.index_file.IndexFile._remove", refuse)
    assert manager.find() == [saved]
    assert manager.find("no such word") == []
