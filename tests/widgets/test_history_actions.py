"""History: compared, deleted and brought back, gone on from."""

from medialab import PipelineConfig
from tests.widgets.history_parts import (
    name,
    select,
    titles,
    told,
)
from widgets import history_actions

SECONDS = 120


def test_enter_uses_the_settings_and_undo_brings_mine_back(studio_history, studio, press):
    history = studio_history
    mine = PipelineConfig(prompt="something else", steps=30)
    studio.form.show(mine)
    select(history, "a green tree")
    history.act("use", {})
    green = PipelineConfig(prompt="a green tree", seed=7, steps=1, width=128, height=128)
    assert studio.config() == green
    select(history, "a red car")
    history.act("use", {})
    press("undo")
    assert studio.config() == green
    press("undo")
    assert studio.config() == mine
    press("redo")
    assert studio.config() == green


def test_a_restored_picture_is_made_again_byte_for_byte(studio_history, studio):
    history = studio_history
    select(history, "a green tree")
    history.act("use", {})
    before = studio.canvas.picture
    # A picture that is there is shown, not made again.
    studio.bench.artifacts.delete(studio.bench.artifacts.find("tree")[0].path)
    studio.generate()
    assert studio.wait(SECONDS).artifact.path.read_bytes() == before


def test_start_goes_on_from_a_picture(history, artifacts, canvas):
    select(history, "a red car")
    history.act("start", {})
    assert canvas.started == artifacts.find("car")


def test_two_are_compared_the_older_at_the_left(history, artifacts, canvas):
    select(history, "a red car", "a green tree")
    history.act("compare", {})
    ((left, right, labels),) = canvas.compared
    tree, car = (artifacts.find(word)[0] for word in ("tree", "car"))
    assert (left, right) == (tree.path.read_bytes(), car.path.read_bytes())
    assert labels == ("00001 · seed 7", "00002 · seed 8")
    select(history, "a red car")
    history.gallery._act("compare", {})
    assert told(history) == "Select exactly two pictures to compare."


def test_compare_in_the_bar_takes_the_two_that_are_selected_where_it_has_no_others(
    studio_history, studio
):
    history, viewer = studio_history, studio.canvas.viewer
    history.look(name(history, "a red car"))
    select(history, "a red car")
    viewer.mode = "compare"
    assert not viewer.has_two
    viewer.mode = "view"
    select(history, "a red car", "a green tree")
    viewer.mode = "compare"
    two = {"left": viewer._files["left"], "right": viewer._files["right"]}
    assert set(two.values()) == {one.path.read_bytes() for one in history.selected}
    # Two that are compared already stay.
    viewer.mode = "view"
    viewer.compare(two["right"], two["left"], ("New", "Old"))
    assert (viewer.labels, viewer._files["left"]) == (("New", "Old"), two["right"])


def test_what_differs_is_asked_of_two_and_a_check_shows_its_picture_first(
    history, artifacts, canvas
):
    select(history, "a red car", "a green tree")
    history.act("differ", {})
    select(history, "a red car")
    history.act("check", {})
    assert canvas.done == ["differ", "check"]
    assert canvas.path == artifacts.find("car")[0].path


def test_a_tag_gets_another_name_everywhere(history, artifacts, canvas):
    artifacts.annotate(artifacts.find("tree")[0].path, tags=["old"])
    history.act("retag", {"from": "old", "to": "new"})
    assert canvas.done == [("old", "new")]
    assert told(history) == "old is now new, in 2 pictures and models"


def test_delete_is_taken_back_by_undo(history, artifacts, canvas):
    tree = artifacts.find("tree")[0]
    history.look(name(history, "a green tree"))
    history.act("delete", {})
    assert titles(history) == ["a red car"]
    assert not tree.path.exists()
    assert (told(history), history.gallery.notice["undo"]) == ("1 picture moved to the bin", True)
    assert history.gallery.choices["binned"] == 1
    # The picture in its place is shown, with its own caption.
    assert canvas.path == artifacts.find("car")[0].path
    history.act("undo", {})
    assert titles(history) == ["a red car", "a green tree"]
    assert tree.path.exists()
    assert canvas.path == tree.path
    assert [one.path for one in history.selected] == [tree.path]


def test_when_the_last_picture_is_deleted_the_canvas_is_empty(studio_history, studio):
    history = studio_history
    history.look(name(history, "a green tree"))
    select(history, "a red car", "a green tree")
    history.act("delete", {})
    assert (studio.canvas.picture, studio.canvas.path) == (None, None)
    assert studio.canvas.foot.caption == {}
    assert history.gallery.marked is None
    history.act("undo", {})
    assert len(titles(history)) == 2
    assert "tree" in studio.canvas.path.name  # as it was
    assert len(history.gallery.selected) == 2


def test_one_that_is_deleted_elsewhere_leaves_the_shown_picture_alone(history, artifacts, canvas):
    history.look(name(history, "a green tree"))
    shown = canvas.path
    select(history, "a red car")
    history.act("delete", {})
    assert canvas.path == shown


def test_what_cannot_be_deleted_is_told_and_the_others_are_gone(history, artifacts, canvas):
    select(history, "a red car", "a green tree")
    artifacts.find("tree")[0].path.unlink()
    history.act("delete", {})
    assert "1 picture moved to the bin; " in told(history)
    assert history.gallery.notice["is_error"]


def test_the_bin_is_looked_through_restored_from_and_emptied(history, artifacts, canvas):
    select(history, "a red car", "a green tree")
    history.act("delete", {})
    history.narrow(bin=True)
    assert titles(history) == ["a red car", "a green tree"]
    history.look(name(history, "a green tree"))
    assert canvas.path.parent.parent.name == "bin"
    select(history, "a green tree")
    history.act("restore", {})
    assert titles(history) == ["a red car"]
    select(history, "a red car")
    history.act("purge", {})
    assert (titles(history), told(history)) == ([], "1 picture deleted for good")
    history.narrow(bin=False)
    assert titles(history) == ["a green tree"]


def test_many_are_deleted_in_the_background(history, monkeypatch):
    monkeypatch.setattr(history_actions, "_MOST_AT_ONCE", 1)
    started = []
    monkeypatch.setattr(
        history_actions.threading.Thread,
        "start",
        lambda thread: started.append(thread) or thread.run(),
    )
    select(history, "a red car", "a green tree")
    history.act("delete", {})
    assert started
    assert titles(history) == []
