"""The notes on many models are those on each, and a note is read again when it changes."""

import json

import pytest

from medialab.files.hashes import Stamp
from medialab.listing import all_notes
from medialab.listing.all_notes import AllNotes
from medialab.listing.info import ModelInfo
from medialab.listing.notes import Notes, notes_on


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    monkeypatch.setattr(Stamp, "is_settled", lambda stamp: True)


@pytest.fixture
def infos(tmp_path):
    """A LoRA with notes, one without but with words in its header, and a folder."""
    ink, pen, doll = (tmp_path / name for name in ("ink.v2.safetensors", "pen.safetensors", "v1.5"))
    ink.touch()
    pen.touch()
    doll.mkdir()
    (tmp_path / "ink.v2.json").write_text(json.dumps({"notes": "n", "preferred weight": 0.7}))
    (tmp_path / "ink.v2.civitai.info").write_text(json.dumps({"trainedWords": ["ink"]}))
    (tmp_path / "v1.5.json").write_text(json.dumps({"description": "Dolls."}))
    return [
        ModelInfo("ink", "lora", "sd15", "kohya", ink, 1),
        ModelInfo("pen", "lora", "sd15", "kohya", pen, 1, trained_words=("pen",)),
        ModelInfo("doll", "checkpoint", "sd15", "diffusers", doll, 1),
    ]


def test_they_are_the_notes_on_each(infos):
    assert AllNotes().read(infos) == {info.path: notes_on(info) for info in infos}


def test_a_note_is_read_again_only_when_it_changed_came_or_went(infos, tmp_path, monkeypatch):
    notes, read = AllNotes(), []
    real = all_notes.notes_on
    monkeypatch.setattr(all_notes, "notes_on", lambda info: read.append(info.name) or real(info))
    notes.read(infos)
    assert read == ["ink", "doll"]
    notes.read(infos)
    assert read == ["ink", "doll"]
    (tmp_path / "ink.v2.json").write_text(json.dumps({"notes": "new"}))
    (tmp_path / "pen.json").write_text(json.dumps({"notes": "came"}))
    (tmp_path / "v1.5.json").unlink()
    found = notes.read(infos)
    assert read == ["ink", "doll", "ink", "pen"]
    assert [found[info.path].notes for info in infos] == ["new", "came", ""]


def test_a_model_in_a_folder_that_is_gone_has_none(tmp_path):
    gone = ModelInfo("x", "lora", "sd15", "kohya", tmp_path / "gone" / "x.safetensors", 1)
    (tmp_path / "broken.json").symlink_to("nowhere")
    broken = ModelInfo("broken", "lora", "sd15", "kohya", tmp_path / "broken.safetensors", 1)
    assert AllNotes().read([gone, broken]) == {gone.path: Notes(), broken.path: Notes()}
