"""History: found, narrowed, looked at, and read anew."""

import pytest

from medialab import PipelineConfig
from tests.widgets.history_parts import (
    name,
    select,
    titles,
    told,
)
from widgets import history_panel
from widgets.gallery import Filters
from widgets.history_panel import HistoryPanel

SECONDS = 120


def test_pictures_made_anywhere_appear_newest_first(history):
    assert titles(history) == ["a red car", "a green tree"]


def test_words_settings_stars_model_and_order_narrow_it(history):
    history.narrow(text="TREE")
    assert titles(history) == ["a green tree"]
    history.narrow(text="seed:8")
    assert titles(history) == ["a red car"]
    history.narrow(text="", order="oldest")
    assert titles(history) == ["a green tree", "a red car"]
    select(history, "a red car")
    history.act("stars:4", {})
    history.narrow(stars=3)
    assert titles(history) == ["a red car"]
    history.narrow(stars=0, model="paperdoll")
    assert len(titles(history)) == 2
    assert history.gallery.choices["models"] == [["paperdoll", 2]]
    history.narrow(model="other")
    assert titles(history) == []


def test_tags_are_given_to_many_and_filtered_by_where_they_are_given(history):
    select(history, "a red car", "a green tree")
    history.act("tag", {"add": ["good"]})
    select(history, "a red car")
    history.act("tag", {"add": ["Best one"], "remove": []})
    assert history.gallery.choices["tags"] == [["Best one", 1], ["good", 2]]
    assert history._tags(history.gallery.ids) == {"good": 2, "Best one": 1}
    history.narrow(tags=("best one",))
    assert titles(history) == ["a red car"]
    select(history, "a red car")
    history.act("tag", {"remove": ["best ONE"]})
    assert titles(history) == []
    assert history.gallery.choices["tags"] == [["good", 2]]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"text": "sampelr:euler"}, "Did you mean 'sampler'"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "swap them"),
        ({"since": "2026-13-45"}, "There is no such day."),
    ],
)
def test_a_search_that_cannot_be_is_told_beside_its_field(history, canvas, changes, fault):
    history.narrow(**changes)
    assert fault in history.gallery.fault
    assert canvas.errors == []
    assert len(history.gallery.ids) == 2
    history.narrow(**dict.fromkeys(changes, ""))
    assert history.gallery.fault == ""


def test_a_click_only_looks_and_frames_what_is_on_the_canvas(studio_history, studio):
    history = studio_history
    mine = PipelineConfig(prompt="something else", steps=30)
    studio.form.show(mine)
    tree = name(history, "a green tree")
    history.gallery._open(tree)
    artifact = studio.bench.artifacts.find("tree")[0]
    assert studio.canvas.picture == artifact.path.read_bytes()
    assert studio.canvas.path == artifact.path
    assert studio.config() == mine
    assert (history.gallery.marked, history.gallery.shown) == (tree, 1)
    assert [one.path for one in history.selected] == [artifact.path]


def test_a_finished_run_is_framed_and_selected(studio_history, studio):
    history = studio_history
    history.look(name(history, "a green tree"))
    studio.form.show(PipelineConfig(prompt="a blue ball", steps=1, seed=3))
    studio.generate()
    run = studio.wait(SECONDS)
    assert titles(history) == ["a blue ball", "a red car", "a green tree"]
    assert history.gallery.shown == 0
    assert [one.path for one in history.selected] == [run.artifact.path]


def test_what_cannot_be_shown_is_named_below_and_hides_nothing(history, artifacts, canvas):
    assert history.gallery.left_out["count"] == 0
    first = artifacts.find()[0]
    first.sidecar.write_text("<b>no sidecar</b>")
    (artifacts.folder / "2020-01-01").write_text("no folder")
    history.refresh()
    assert titles(history) == ["a green tree"]
    left_out = dict(history.gallery.left_out["lines"])
    assert history.gallery.left_out["count"] == 2
    assert first.path.name in left_out
    assert left_out["2020-01-01"] == "it is named like a day, but is not a folder"


def test_the_filters_are_those_of_the_page(history):
    history.gallery._handle_custom_msg({"kind": "filter", "filters": {"text": "tree"}}, [])
    assert history.filters == Filters(text="tree")
    assert titles(history) == ["a green tree"]


def test_a_large_folder_is_read_in_the_background_and_that_is_told(
    history, artifacts, canvas, monkeypatch
):
    """The panel is there before its pictures are listed."""
    panel = HistoryPanel(artifacts, canvas.acts, lambda *_: None)
    may_go_on = history_panel.threading.Event()
    real = panel.refresh
    monkeypatch.setattr(panel, "refresh", lambda: (may_go_on.wait(5), real()))
    monkeypatch.setattr(history_panel, "_READ_WITHIN", 0.01)
    panel.begin()
    assert (told(panel), len(panel.gallery.ids)) == ("Reading the pictures…", 0)
    (reading,) = [one for one in history_panel.threading.enumerate() if one.name == "history"]
    may_go_on.set()
    reading.join(5)
    assert (told(panel), len(panel.gallery.ids)) == ("", 2)
