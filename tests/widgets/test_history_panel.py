"""History: found, opened, marked, deleted, gone on from."""

import pytest

from medialab import PipelineConfig

SECONDS = 120


@pytest.fixture
def history(studio):
    """Two pictures, the newer first: a red car, a green tree."""
    for prompt, seed in (("a green tree", 7), ("a red car", 8)):
        studio.bench.execute(PipelineConfig(prompt=prompt, seed=seed, steps=1))
    return studio.history


def titles(history):
    return [entry.title for entry in history.gallery.entries]


def identity(history, title):
    return next(entry.id for entry in history.gallery.entries if entry.title == title)


def test_pictures_made_anywhere_appear_newest_first(history):
    assert titles(history) == ["a red car", "a green tree"]


def test_words_stars_and_model_narrow_it(history):
    history.text.value = "TREE"
    assert titles(history) == ["a green tree"]
    history.text.value = ""
    history._act("stars:4", identity(history, "a red car"))
    history.stars.value = 3
    assert titles(history) == ["a red car"]
    history.stars.value = 0
    assert [name for _, name in history.model.options] == ["", "paperdoll"]
    history.model.value = "paperdoll"
    assert len(titles(history)) == 2


def test_tags_are_offered_and_looked_for(history, studio):
    artifact = studio.bench.artifacts.find("tree")[0]
    studio.bench.artifacts.annotate(artifact.path, tags=["good"])
    history.refresh()
    history.tag.value = "good"
    assert titles(history) == ["a green tree"]


def test_days_the_wrong_way_round_are_told(history, studio):
    from datetime import date

    history.since.value = date(2026, 5, 2)
    history.until.value = date(2026, 5, 1)
    assert "swap them" in studio.canvas.error.value


def test_a_click_only_looks(history, studio):
    mine = PipelineConfig(prompt="something else", steps=30)
    studio.form.show(mine)
    history._open(identity(history, "a green tree"))
    artifact = studio.bench.artifacts.find("tree")[0]
    assert studio.canvas.picture == artifact.path.read_bytes()
    assert artifact.path.name in studio.canvas.caption.value
    assert studio.config() == mine


def test_use_settings_sets_every_input_and_undo_brings_them_back(history, studio, press):
    mine = PipelineConfig(prompt="something else", steps=30)
    studio.form.show(mine)
    history._open(identity(history, "a green tree"))
    press("use-settings")
    green = PipelineConfig(prompt="a green tree", seed=7, steps=1, width=128, height=128)
    assert studio.config() == green
    artifact = studio.bench.artifacts.find("tree")[0]
    assert artifact.path.name in studio.canvas.notice.value
    history._open(identity(history, "a red car"))
    press("use-settings")
    press("undo")
    assert studio.config() == green
    press("undo")
    assert studio.config() == mine
    press("redo")
    assert studio.config() == green


def test_a_restored_picture_is_made_again_byte_for_byte(history, studio, press):
    history._open(identity(history, "a green tree"))
    press("use-settings")
    before = studio.canvas.picture
    studio.generate()
    assert studio.wait(SECONDS).artifact.path.read_bytes() == before


def test_enhance_goes_on_from_a_picture(history, studio):
    history._act("enhance", identity(history, "a red car"))
    assert studio.tabs.value == "enhance"
    assert studio.form.source.image is not None


def test_delete_removes_picture_and_sidecar(history, studio):
    artifact = studio.bench.artifacts.find("tree")[0]
    history._act("delete", identity(history, "a green tree"))
    assert titles(history) == ["a red car"]
    assert not artifact.path.exists()
    assert not artifact.sidecar.exists()


def test_the_sidecar_is_shown_as_text(history):
    history._act("sidecar", identity(history, "a green tree"))
    assert "&quot;prompt&quot;: &quot;a green tree&quot;" in history.sidecar.value
    assert history.sidecar.layout.display is None


def test_what_cannot_be_shown_is_named_below_and_hides_nothing(history, studio):
    assert history.left_out.value == ""
    entries = history.gallery.entries
    first = next(iter(history._found.values()))
    first.sidecar.write_text("<b>no sidecar</b>")
    (studio.bench.artifacts.folder / "2020-01-01").write_text("no folder")
    history.refresh()
    assert len(history.gallery.entries) == len(entries) - 1
    assert "2 files are not shown" in history.left_out.value
    assert first.path.name in history.left_out.value
    assert "named like a day, but is not a folder" in history.left_out.value
