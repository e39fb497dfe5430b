"""The details follow the picture on the canvas, the form and the selection."""

import json

import pytest

from medialab import PipelineConfig

SECONDS = 120


@pytest.fixture
def panel(studio):
    """Two pictures, a green tree on the canvas."""
    for prompt, seed in (("a green tree", 7), ("a red car", 8)):
        studio.bench.execute(PipelineConfig(prompt=prompt, seed=seed, steps=1))
    studio.history.look(studio.history.gallery.ids[1])
    return studio.details


def rows(panel):
    return {row["label"]: row for group in panel.details.groups for row in group["rows"]}


def select_both(studio):
    gallery = studio.history.gallery
    ranges = [[0, 2]]
    gallery._handle_custom_msg(
        {"kind": "select", "generation": gallery.generation, "ranges": ranges}, []
    )


def test_they_follow_the_picture_that_is_shown(panel, studio):
    assert rows(panel)["Prompt"]["value"] == "a green tree"
    assert panel.details.name.endswith("green-tree.png")
    studio.history.look(studio.history.gallery.ids[0])
    assert rows(panel)["Prompt"]["value"] == "a red car"
    select_both(studio)
    studio.history.act("delete", {})
    assert (panel.details.name, panel.details.groups) == ("", [])


def test_what_differs_from_the_form_follows_the_form(panel, studio):
    panel.details.view = "form"
    studio.importer.use_settings()
    assert panel.details.groups == []
    assert panel.details.compared == ["Picture", "Form"]
    studio.form.show(PipelineConfig(prompt="a green tree", seed=9, steps=1, width=128, height=128))
    assert {name: (row["value"], row["other"]) for name, row in rows(panel).items()} == {
        "Seed": ("7", "9")
    }


def test_what_differs_between_the_two_that_are_selected(panel, studio):
    assert not panel.details.has_pair
    select_both(studio)
    assert panel.details.has_pair
    panel.details.view = "selected"
    assert panel.details.compared == ["00001", "00002"]
    found = rows(panel)
    assert (found["Prompt"]["value"], found["Prompt"]["other"]) == ("a green tree", "a red car")
    assert set(found) == {"Prompt", "Seed"}
    assert "The first stage whose pictures differ is Text to image." in panel.details.story
    assert any("Not different: mode, checkpoint" in one for one in panel.details.story)
    studio.history.gallery.select([])
    assert not panel.details.has_pair
    assert panel.details.compared == []  # the picture's own settings again


def test_stars_and_tags_are_given_here_and_seen_in_the_history(panel, studio):
    panel.mark({"stars": 4})
    panel.mark({"add_tags": ["good"]})
    assert (panel.details.stars, panel.details.tags) == (4, ["good"])
    assert panel.details.suggestions == ["good"]
    (found,) = studio.bench.artifacts.find("tag:good stars:4")
    assert found.prompt == "a green tree"
    panel.mark({"remove_tags": ["good"]})
    assert panel.details.tags == []


def test_settings_are_copied_as_text_as_json_and_the_path(panel, studio):
    path = studio.canvas.path
    assert panel._text("text").startswith("a green tree\n")
    assert json.loads(panel._text("json"))["seed"] == 7
    assert panel._text("path") == str(path)


def test_others_like_it_are_shown_in_the_history(panel, studio):
    assert panel.details.related == [["model", "paperdoll", 1]]
    panel.details._handle_custom_msg({"kind": "related", "at": 0}, [])
    assert studio.history.filters.model == "paperdoll"
    assert studio.shelf.chosen == "History"
    for path in studio.bench.artifacts.names():
        studio.bench.tags.add(path, "project:poster")
    studio.history.look(studio.history.gallery.ids[0])
    assert ["tag", "project:poster", 1] in panel.details.related
    panel.details._handle_custom_msg({"kind": "related", "at": 0}, [])
    assert studio.history.filters.tags == ("project:poster",)


def test_two_of_other_models_and_machines_have_those_in_the_table(panel, studio):
    sidecar = studio.bench.artifacts.find("tree")[0].sidecar
    content = json.loads(sidecar.read_text())
    content["record"]["device"] = "cuda"
    content["config"]["checkpoint_sha256"] = "b" * 64
    sidecar.write_text(json.dumps(content))
    select_both(studio)
    panel.details.view = "selected"
    (machine,) = [group for group in panel.details.groups if group["title"] == "Models and machine"]
    assert [row["label"] for row in machine["rows"]] == ["checkpoint/paperdoll", "Device"]
    assert machine["rows"][1]["value"] == "cuda"
