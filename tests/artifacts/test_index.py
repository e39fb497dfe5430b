"""The index follows the files, and is made anew where it is damaged."""

import sqlite3

import pytest

from medialab.errors import ArtifactError
from tests.artifacts.pictures import config, image, rows


def test_pictures_are_found_newest_first_by_all_their_words(manager):
    ball = manager.save(image(), config(prompt="a RED ball"), {})
    hat = manager.save(image(), config(prompt="a red hat", checkpoint="dolls"), {})
    assert manager.find() == [hat, ball]
    assert manager.find("red") == [hat, ball]
    assert manager.find("BALL Red") == [ball]
    assert manager.find("dolls") == [hat]
    assert manager.find(limit=1) == [hat]
    assert manager.find("green") == []


@pytest.mark.parametrize("text", ["100%", "a_b", "\\", "'", '"; DROP TABLE pictures', "ÄÖÜ"])
def test_words_are_taken_as_they_stand(manager, text):
    saved = manager.save(image(), config(prompt=f"x {text.lower()} y"), {})
    manager.save(image(), config(prompt="100 axb"), {})
    assert manager.find(text) == [saved]


def test_a_rebuilt_index_holds_the_same_rows(manager, outputs):
    for number in range(5):
        saved = manager.save(image(), config(prompt=f"ball {number}", seed=number), {})
    manager.annotate(saved.path, tags=["x"], stars=5)
    manager.find()
    before = rows(outputs)
    assert manager.rebuild_index() == len(before) == 5
    assert rows(outputs) == before


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
    monkeypatch.setattr("medialab.artifacts.index._BUSY_SECONDS", 0.1)
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


def test_a_seed_of_64_bits_is_listed_with_every_digit(manager):
    saved = manager.save(image(), config(seed=2**64 - 1), {})
    assert manager.find() == [saved]
    assert manager.find()[0].seed == 2**64 - 1


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

    monkeypatch.setattr("medialab.artifacts.index.PictureIndex._remove", refuse)
    assert manager.find() == [saved]
    assert manager.find("no such word") == []
