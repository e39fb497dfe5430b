"""Pictures that are noted as done count as long as they are there."""

from medialab.batch.saved import SavedPictures


def test_a_row_is_made_if_it_is_done_and_its_picture_is_there(tmp_path):
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "a.png").touch()
    noted = {
        0: {"state": "done", "path": "day/a.png"},
        1: {"state": "done", "path": "day/gone.png"},
        2: {"state": "done", "path": "gone/a.png"},
        3: {"state": "failed", "error": "no"},
        4: {"state": "started", "at": "now"},
    }
    saved = SavedPictures(tmp_path)

    assert saved.made(noted) == {0}
    assert [row for row, state in noted.items() if saved.has(state)] == [0]
    assert not saved.has(None)
    assert saved.path(noted[0]) == tmp_path / "day" / "a.png"
