"""The presets in the studio: used in one step, saved, renamed, shared and imported."""

import json

import pytest

from medialab import PipelineConfig
from medialab.presets import Preset


@pytest.fixture
def menu(studio):
    return studio.presets.menu


def said(menu, **message):
    """Send a message as the browser does, and return what is answered."""
    sent = []
    send, menu.send = menu.send, lambda content, _buffers=None: sent.append(content)
    buffers = message.pop("buffers", [])
    try:
        menu._handle_custom_msg(message, buffers)
    finally:
        menu.send = send
    return sent


def names(menu):
    return [one["name"] for one in menu.presets]


def test_all_presets_are_listed_and_one_says_what_it_would_change(studio, menu):
    assert {
        *("Draft", "Quality", "Edit", "Photo", "Portrait repair", "Poster upscale"),
        *("Faster steps", "Less memory, fp8", "Less memory, int8"),
    } == {*names(menu)}
    assert all(one["shipped"] and one["description"] for one in menu.presets)
    studio.form.set({"steps": 33})
    (answer,) = said(menu, kind="changes", name="Draft")
    steps = str(studio.bench.presets["Draft"].settings["steps"])
    assert ["Steps", "33", steps] in answer["rows"]
    said(menu, kind="use", name="Draft")
    assert said(menu, kind="changes", name="Draft")[0]["rows"] == []


def test_one_that_the_checkpoint_cannot_use_says_why(studio, menu):
    (answer,) = said(menu, kind="changes", name="Faster steps")
    family = studio.bench.registry.find(studio.config().checkpoint, "checkpoint").family
    assert answer["reasons"] == [f"Checkpoints of family {family} compute every step in full."]
    assert (answer["is_vain"], bool(answer["rows"])) == (True, True)
    (answer,) = said(menu, kind="changes", name="Draft")
    assert (answer["reasons"], answer["is_vain"]) == ([], False)
    both = Preset.of("Both", {"step_cache": 0.1, "steps": 7}).encode()
    said(menu, kind="import", name="both.json", buffers=[both])
    (answer,) = said(menu, kind="changes", name="Both")
    assert (len(answer["reasons"]), answer["is_vain"]) == (1, False)
    said(menu, kind="use", name="Both")
    assert studio.form.said("step_cache") == answer["reasons"][0]
    studio.form._act("step_cache", "next", None)
    assert (studio.config().step_cache, studio.config().steps) == (0, 7)


def test_a_preset_that_is_used_is_one_step_back(studio, menu):
    studio.form.set({"steps": 33, "prompt": "a car", "face.enabled": True})
    before = studio.config()
    said(menu, kind="use", name="Draft")
    draft = studio.config()
    assert draft.steps == studio.bench.presets["Draft"].settings["steps"]
    assert (draft.face.enabled, draft.prompt) == (False, "a car")
    assert menu.notice["text"].startswith("Draft is used: ")
    said(menu, kind="use", name="Quality")
    studio.undo.take_back()
    assert studio.config() == draft
    studio.undo.take_back()
    assert studio.config() == before


def test_a_preset_that_switches_a_stage_off_tells_no_more_of_that_stage(studio, menu):
    studio.form.set({"face.enabled": True, "face.steps": 33})
    (answer,) = said(menu, kind="changes", name="Draft")
    assert [row for row in answer["rows"] if row[0].startswith("Face: ")] == [
        ["Face: On", "on", "off"]
    ]
    said(menu, kind="use", name="Draft")
    assert menu.notice["text"].startswith(f"Draft is used: {len(answer['rows'])} settings")


def test_the_present_settings_are_saved_renamed_and_deleted(studio, menu):
    studio.form.set({"steps": 9, "prompt": "a car"})
    said(menu, kind="save", name="Mine", parts=["prompt", "other"], replace=False)
    assert menu.notice["text"] == "Mine is saved."
    saved = studio.bench.presets["Mine"].settings
    assert (saved["steps"], saved["prompt"], "checkpoint" in saved) == (9, "a car", False)
    said(menu, kind="save", name="mine", parts=[], replace=False)
    assert menu.notice["is_error"]
    assert menu.notice["text"].startswith("There is a preset 'mine' already")
    assert "in code" not in menu.notice["text"]
    said(menu, kind="rename", name="Mine", to="Yours")
    assert "Yours" in names(menu)
    (file,) = said(menu, kind="share", name="Yours")
    assert (file["kind"], file["name"]) == ("file", "Yours.json")
    assert json.loads(file["text"])["settings"]["steps"] == 9
    said(menu, kind="delete", name="Yours")
    assert "Yours" not in names(menu)
    said(menu, kind="delete", name="Draft")
    assert menu.notice["is_error"]


def test_a_file_is_imported_and_asks_before_it_replaces(studio, menu):
    content = Preset.of("Theirs", {"steps": 4}).encode()
    said(menu, kind="import", name="theirs.json", buffers=[content])
    assert menu.notice["text"] == "Imported: Theirs."
    (asked,) = said(menu, kind="import", name="theirs.json", buffers=[content])
    assert asked["kind"] == "taken"
    assert asked["text"] == "Theirs is there already. Replace it?"
    other = Preset.of("Theirs", {"steps": 5}).encode()
    said(menu, kind="import", name="theirs.json", replace=True, buffers=[other])
    assert studio.bench.presets["Theirs"].settings == {"steps": 5}
    said(menu, kind="import", name="page.json", buffers=[b"<html>"])
    assert (menu.notice["is_error"], "page.json" in menu.notice["text"]) == (True, True)
    styles = b"name,prompt,negative_prompt\nink,ink drawing,colour\n"
    said(menu, kind="import", name="styles.csv", buffers=[styles])
    studio.form.set({"prompt": "a car"})
    said(menu, kind="use", name="ink")
    assert studio.config().prompt == "a car, ink drawing"


def test_several_that_are_there_are_asked_about_as_several(menu):
    styles = b"name,prompt,negative_prompt\nink,ink drawing,\npen,pen drawing,\n"
    said(menu, kind="import", name="styles.csv", buffers=[styles])
    (asked,) = said(menu, kind="import", name="styles.csv", buffers=[styles])
    assert asked["text"] == "ink, pen are there already. Replace them?"


def test_a_preset_is_not_used_on_settings_that_are_not_valid(studio, menu):
    studio.form.set({"steps": 9_999})
    said(menu, kind="use", name="Poster upscale")
    assert menu.notice["is_error"]
    assert studio.form.value("upscaler.enabled") is False
    studio.form.show(PipelineConfig())
