"""Pictures are found by the index, whatever words are asked for."""

import pytest

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


def test_a_seed_of_64_bits_is_listed_with_every_digit(manager):
    saved = manager.save(image(), config(seed=2**64 - 1), {})
    assert manager.find() == [saved]
    assert manager.find()[0].seed == 2**64 - 1
