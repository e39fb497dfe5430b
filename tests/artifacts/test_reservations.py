"""Each number is given once, to one writer."""

import pytest

from medialab.artifacts import reservations


def test_a_number_is_never_given_again(manager, save):
    first, second, third = save(), save(), save()
    manager.delete(third.path)
    fourth = save()
    assert fourth.id.endswith("/00004")
    for one in (first, second, fourth):
        manager.delete(one.path)
    assert manager.empty_bin() == 4
    assert save().id.endswith("/00005")
    manager.delete(save().path)
    manager.empty_bin()
    assert save().id.endswith("/00007")


def test_the_highest_number_of_a_folder_counts_whatever_has_it(tmp_path):
    for name in (
        "00003-x.png",
        ".00012.gone",
        ".00007.partial",
        "9-x.json",
        "x-99.png",
        "0001234567890-x",
    ):
        (tmp_path / name).touch()
    assert reservations.highest(tmp_path) == 12
    assert reservations.highest(tmp_path / "nowhere") == 0


def test_a_number_in_use_is_not_reserved_again(tmp_path, monkeypatch):
    monkeypatch.setattr(reservations, "PATIENCE", 0.02)
    path = tmp_path / "00007-x.png"
    with reservations.reserved(path) as number:
        assert number == 7
        with pytest.raises(BlockingIOError, match="another process"), reservations.reserved(path):
            pass
        assert [path.name for path in tmp_path.iterdir()] == [".00007.partial"]
    assert list(tmp_path.iterdir()) == []
