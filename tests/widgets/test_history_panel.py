"""History: found, looked at, marked, compared, deleted and brought back, gone on from."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig
from widgets import history_panel
from widgets.gallery import Filters
from widgets.history_panel import HistoryActs, HistoryPanel

SECONDS = 120


PROMPTS = {"a green tree": 7, "a red car": 8}


class Acts:
    """The rest of the studio: a canvas that shows one picture's file."""

    def __init__(self):
        self.path, self.started, self.used, self.compared = None, [], 0, []
        self.done = []
        self.acts = HistoryActs(
            self.look,
            self.started.append,
            self.use,
            lambda *what: self.compared.append(what),
            lambda: self.show(None),
            lambda: self.done.append("differ"),
            lambda: self.done.append("check"),
            lambda old, new: self.done.append((old, new)) or 2,
        )

    def look(self, artifact):
        artifact.path.read_bytes()
        self.show(artifact.path)

    def show(self, path):
        self.path = path
        self.history.mark(path)

    def use(self):
        self.used += 1


@pytest.fixture
def canvas():
    return Acts()


@pytest.fixture
def artifacts(tmp_path):
    return ArtifactManager(tmp_path / "outputs")


@pytest.fixture
def errors():
    return []


@pytest.fixture
def history(artifacts, canvas, errors):
    """Two pictures, the newer first: a red car, a green tree."""
    for prompt, seed in PROMPTS.items():
        config = ResolvedConfig(
            prompt=prompt, seed=seed, width=64, height=64, checkpoint_sha256="a" * 64
        )
        artifacts.save(Image.new("RGB", (64, 64), "red"), config, {})
    panel = canvas.history = HistoryPanel(
        artifacts, canvas.acts, lambda error, _: errors.append(error)
    )
    panel.begin()
    return panel


@pytest.fixture
def studio_history(studio):
    """The same in a studio."""
    for prompt, seed in PROMPTS.items():
        studio.bench.execute(PipelineConfig(prompt=prompt, seed=seed, steps=1))
    return studio.history


def titles(history):
    return [entry.title for entry in history._entries(history.gallery.ids)]


def name(history, title):
    return next(one.id for one in history._entries(history.gallery.ids) if one.title == title)


def select(history, *chosen):
    history.gallery.select([name(history, title) for title in chosen])


def told(history):
    return history.gallery.notice["text"]


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
def test_a_search_that_cannot_be_is_told_beside_its_field(history, errors, changes, fault):
    history.narrow(**changes)
    assert fault in history.gallery.fault
    assert errors == []
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
    assert told(history) == "old is new now, in 2 pictures and models"


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
    monkeypatch.setattr(history_panel, "_MOST_AT_ONCE", 1)
    started = []
    monkeypatch.setattr(
        history_panel.threading.Thread,
        "start",
        lambda thread: started.append(thread) or thread.run(),
    )
    select(history, "a red car", "a green tree")
    history.act("delete", {})
    assert started
    assert titles(history) == []


def test_downloads_hold_the_files_as_they_are(history, artifacts, canvas):
    tree, car = (artifacts.find(word)[0] for word in ("tree", "car"))
    one = history._parcel("files", [name(history, "a green tree")])
    assert (one.name, one.type) == (tree.path.name, "image/png")
    assert b"".join(one.parts) == tree.path.read_bytes()
    many = history._parcel("files", history.gallery.ids)
    assert many.name == "2 pictures.zip"
    with ZipFile(BytesIO(b"".join(many.parts))) as file:
        names = {entry.rpartition("/")[2] for entry in file.namelist()}
    assert names == {one.name for both in (tree, car) for one in (both.path, both.sidecar)}
    text = b"".join(history._parcel("text", history.gallery.ids).parts).decode()
    assert "a green tree\n" in text
    assert "Seed: 8" in text


def test_a_download_that_no_browser_could_take_is_refused(history, monkeypatch):
    monkeypatch.setattr(history_panel, "_MOST_DOWNLOADED", 100)
    with pytest.raises(history_panel.ArtifactError, match="choose fewer"):
        history._parcel("files", history.gallery.ids)


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
