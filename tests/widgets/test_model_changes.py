"""What a person does with a model in its drawer is done to the files, and said."""

import json
import shutil
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.files.hashes import Stamp
from widgets.catalogue import Catalogue
from widgets.models_panel import ModelsPanel

ROOT = Path(__file__).resolve().parents[2]
NIGHT = "loras/night.safetensors"


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    (folder / "loras").mkdir(parents=True)
    shutil.copy(ROOT / "models" / "loras" / "night-palette.safetensors", folder / NIGHT)
    while not Stamp.of((folder / NIGHT).stat()).is_settled():
        time.sleep(0.005)
    return folder


@pytest.fixture
def panel(bench):
    catalogue = Catalogue(bench)
    catalogue.refresh()
    show_error = lambda error, trace: pytest.fail(trace)  # noqa: E731 - as the studio's
    return ModelsPanel(bench, catalogue, catalogue.refresh, show_error)


def act(panel, action, text="", identity=NIGHT):
    content = {"kind": "act", "action": action, "id": identity, "text": text}
    panel.shelf._handle_custom_msg(content, [])
    for thread in threading.enumerate():  # a file that was never read is read on one of its own
        if thread.daemon and thread.name.endswith("(run)"):
            thread.join(30)


def card(panel, identity=NIGHT):
    return next(one for one in panel.shelf.cards if one.id == identity)


def told(panel):
    return panel.shelf.told[0] if panel.shelf.told else ""


def test_a_star_and_tags_are_kept_by_content_and_stay_with_a_renamed_file(panel, models):
    act(panel, "star", "on")
    act(panel, "tag", "character:Ada")
    act(panel, "tag", "portrait")
    act(panel, "untag", "portrait")
    assert (card(panel).starred, card(panel).tags) == (True, ("character:Ada",))
    act(panel, "rename", "moon")
    moved = card(panel, "loras/moon.safetensors")
    assert (moved.starred, moved.tags) == (True, ("character:Ada",))
    assert panel.shelf.opened == "loras/moon.safetensors"
    assert not (models / NIGHT).exists()
    act(panel, "star", "", "loras/moon.safetensors")
    assert not card(panel, "loras/moon.safetensors").starred


def test_notes_and_weight_are_written_where_a1111_has_them(panel, models):
    act(panel, "notes", "Best at 0.7.")
    act(panel, "weight", "0.7")
    noted = json.loads((models / "loras" / "night.json").read_text())
    assert (noted["notes"], noted["preferred weight"]) == ("Best at 0.7.", 0.7)
    assert panel._catalogue.lora("night") == {"name": "night", "weight": 0.7}
    act(panel, "weight", "")
    assert "preferred weight" not in json.loads((models / "loras" / "night.json").read_text())


@pytest.mark.parametrize(
    ("action", "text", "reason"),
    [
        ("rename", "a/b", "cannot contain"),
        ("rename", "", "needs a name"),
        ("weight", "heavy", "A weight is a number"),
        ("weight", "1e9", "weight"),
        ("tag", "x" * 500, "tag"),
        ("restore", "", "not in the bin"),
    ],
)
def test_what_cannot_be_done_is_said_beside_the_model(panel, models, action, text, reason):
    before = {path.name for path in models.rglob("*")}
    act(panel, action, text)
    assert reason in told(panel)
    assert {path.name for path in models.rglob("*")} == before


def test_a_model_goes_to_the_bin_and_comes_back_by_undo(panel, models):
    act(panel, "bin")
    assert panel.shelf.cards == ()
    text, action, identity = panel.shelf.told
    assert (text, action) == ("In the bin: night", "restore")
    assert panel.shelf.binned == [[identity, "night", "LoRA · 1.1 MB"]]
    act(panel, action, identity=identity)
    assert (models / NIGHT).exists()
    assert (card(panel).id, panel.shelf.binned) == (NIGHT, [])


def test_all_models_are_hashed_in_the_background_and_equal_ones_named(panel, models):
    shutil.copy(models / NIGHT, models / "loras" / "copy.safetensors")
    panel._catalogue.refresh()
    act(panel, "hash_all", identity="")
    job = panel._bench.hash_models()
    assert job.wait(30)
    act(panel, "stop_hashing", identity="")  # too late; nothing happens
    deadline = time.monotonic() + 30
    while panel.shelf.hashing and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (panel.shelf.hashing, told(panel)) == ([], "Hashes: all are known")
    facts = dict(panel._details(NIGHT).facts)
    assert facts["Same content"] == "copy"


def test_the_bin_is_emptied_for_good(panel, models):
    act(panel, "bin")
    act(panel, "empty", identity="")
    assert told(panel) == "1 removed for good"
    assert [path for path in models.rglob("*") if path.is_file()] == []


def test_a_model_without_a_preview_shows_the_newest_picture_made_with_it(tmp_path):
    models = tmp_path / "models"
    (models / "checkpoints").mkdir(parents=True)
    shutil.copytree(
        ROOT / "models" / "checkpoints" / "paperdoll", models / "checkpoints" / "paperdoll"
    )
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as bench:
        catalogue = Catalogue(bench)
        catalogue.refresh()
        panel = ModelsPanel(bench, catalogue, catalogue.refresh, pytest.fail)
        assert card(panel, "checkpoints/paperdoll").preview == ""
        bench.execute(PipelineConfig(prompt="a doll", steps=1, width=64, height=64, seed=1))
        catalogue.refresh()
        shown = card(panel, "checkpoints/paperdoll")
        assert (shown.used, shown.preview) == (1, "made 1")
        act(panel, "default", identity="checkpoints/paperdoll")
        assert bench.default_checkpoint == catalogue.first_checkpoint == "paperdoll"
        assert "default" not in {
            one.name for one in panel._details("checkpoints/paperdoll").changes
        }
        small = panel._preview("checkpoints/paperdoll", 112)
        assert Image.open(BytesIO(small)).size == (64, 64)  # never enlarged
