"""Marked pictures of a batch are compared, starred, tagged, deleted and gone on with."""

import pytest

from medialab.errors import ArtifactError


@pytest.fixture
def panel(begun, panel_of):
    panel_of.told = []
    opened = panel_of(
        begun({"seed": [1, 2, 3, 1]}, make=True),
        start=lambda one: panel_of.told.append(("start", one.seed)),
        use=lambda one: panel_of.told.append(("use", one.seed)),
        history=lambda some: panel_of.told.append(("history", [one.seed for one in some])),
        changed=lambda: panel_of.told.append("changed"),
    )
    opened.told = panel_of.told
    return opened


def mark(panel, *indices):
    panel._viewer.set_state({"marked": list(indices)})


def stars(panel):
    return [one.stars for one in panel._artifacts.find()]


def test_what_is_marked_is_counted_with_its_tags(panel):
    mark(panel, 2, 0)
    assert panel.bar.marked == 2
    assert [one.seed for one in panel.marks.pictures] == [3, 1]
    panel.act("tag", {"add": ["blue sea", "best"]})
    assert panel.bar.tags == [["best", 2], ["blue sea", 2]]
    mark(panel, 2, 1)
    assert panel.bar.tags == [["best", 1], ["blue sea", 1]]
    panel.act("tag", {"remove": ["best"]})
    assert panel.bar.tags == [["blue sea", 1]]
    panel.act("unmark", {})
    assert (panel.bar.marked, panel._viewer.marked) == (0, [])


def test_stars_stand_on_the_tiles_of_all_rows_with_that_picture(panel):
    mark(panel, 0)
    panel.act("stars", {"stars": 4})
    assert panel._viewer.grid["badges"] == ["★4", "", "", "★4"]
    assert sorted(stars(panel)) == [0, 0, 4]
    assert panel.told == ["changed"]


def test_keys_give_stars_and_delete_what_is_marked(panel):
    mark(panel, 1)
    panel._viewer._handle_custom_msg({"kind": "mark_key", "key": "5"}, [])
    assert panel._viewer.grid["badges"] == ["", "★5", "", ""]
    panel._viewer._handle_custom_msg({"kind": "mark_key", "key": "Backspace"}, [])
    assert panel._viewer.grid["badges"] == ["", "deleted", "", ""]


def test_two_are_compared_as_large_as_they_are(panel):
    mark(panel, 1, 0)
    panel.act("compare", {})
    viewer = panel._viewer
    assert (viewer.mode, viewer.labels) == ("compare", ("Seed 1", "Seed 2"))
    assert viewer._files["right"] == panel.tiles.path(1).read_bytes()
    viewer._handle_custom_msg({"kind": "compare_tiles", "indices": [1, 2]}, [])
    assert viewer.labels == ("Seed 2", "Seed 3")
    mark(panel, 0, 1, 2)
    with pytest.raises(ArtifactError, match="exactly two"):
        panel.act("compare", {})


def test_deleted_pictures_are_missing_and_are_brought_back(panel):
    mark(panel, 0, 1)
    panel.act("delete", {})
    assert panel._viewer.grid["badges"] == ["deleted", "deleted", "", "deleted"]
    assert panel.bar.notice["text"] == "2 pictures moved to the bin"
    assert panel.bar.notice["undo"]
    assert (panel.bar.batch["left"], panel.bar.marked) == (3, 0)
    panel.act("undo", {})
    assert panel._viewer.grid["badges"] == [""] * 4
    assert (panel.bar.batch["left"], panel.bar.batch["state"]) == (0, "done")
    assert panel.bar.notice["text"] == "2 pictures restored"
    assert panel.told == ["changed", "changed"]


def test_one_is_started_from_or_its_settings_used_and_several_shown_in_the_history(panel):
    mark(panel, 1)
    panel.act("start", {})
    panel.act("use", {})
    mark(panel, 1, 2)
    panel.act("history", {})
    assert panel.told == [("start", 2), ("use", 2), ("history", [2, 3])]
    with pytest.raises(ArtifactError, match="mark one picture"):
        panel.act("start", {})
    panel.bar._handle_custom_msg({"kind": "act", "do": "start", "details": {}}, [])
    assert panel.bar.notice["text"] == "Mark one picture that is made."
    assert panel.bar.notice["is_error"]


def test_a_tile_without_a_picture_cannot_be_compared(begun, panel_of):
    panel = panel_of(begun({"seed": "1-2"}))
    panel.tiles.compare(0, 1)
    assert panel.bar.notice["text"] == "Seed 1: this picture is not made yet."
