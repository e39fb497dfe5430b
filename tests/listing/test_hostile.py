"""Whatever lies in a models folder is named, and the rest goes on."""

import shutil
import threading
import time
import zipfile

import pytest

from medialab import Workbench
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.listing import folders
from medialab.loading import registry as loading
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


def test_a_bomb_a_page_and_an_empty_file_are_named_and_the_rest_goes_on(root):
    good = write_lora(root / "loras" / "ink.safetensors")
    with zipfile.ZipFile(good.with_name("bomb.safetensors"), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.pkl", bytes(2**24))
    good.with_name("page.safetensors").write_text("<!doctype html><title>Sign in</title>")
    good.with_name("empty.safetensors").touch()
    refused = {one.name: one.refused for one in ModelRegistry(root).models()}
    assert refused.pop("ink") is None
    assert all("safetensors is" in reason for reason in refused.values())
    assert set(refused) == {"bomb", "page", "empty"}


def test_a_folder_of_too_many_files_is_named_and_the_rest_goes_on(root, tiny_models, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FILES", 60)
    place = root / "checkpoints"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", place / "doll")
    shutil.copytree(place / "doll", place / "full")
    for number in range(61):
        (place / "full" / f"{number}.txt").touch()
    registry = ModelRegistry(root)
    refused = {one.name: one.refused for one in registry.models()}
    assert refused["doll"] is None
    assert "full has over 60 files, where a model has some dozens" in refused["full"]
    with pytest.raises(ModelRefusedError, match="over 60 files"):
        registry.find("full", "checkpoint")


def test_among_many_other_files_models_are_found(root):
    """Nothing of the others is opened."""
    write_lora(root / "loras" / "ink.safetensors")
    for number in range(3000):
        (root / "loras" / f"{number}.txt").touch()
    assert [one.name for one in ModelRegistry(root).models()] == ["ink"]


@pytest.mark.parametrize("name", ["x" * 300, "я" * 300, "a/" * 300, ".." * 200])
def test_a_name_of_300_characters_is_answered_with_those_there_are(root, name):
    write_lora(root / "loras" / "ink.safetensors")
    with pytest.raises(ModelNotFoundError, match="ink"):
        ModelRegistry(root).find(name, "lora")


@pytest.mark.parametrize("victim", ["", "unet", "tokenizer", "model_index.json"])
def test_a_model_that_is_deleted_while_it_loads_is_named(root, tiny_models, monkeypatch, victim):
    place = root / "checkpoints" / "doll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", place)
    registry = ModelRegistry(root, device="cpu")
    info, load = registry.find("doll", "checkpoint"), loading.load_checkpoint

    def deleted_first(*arguments, **others):
        path = place / victim
        path.unlink() if path.is_file() else shutil.rmtree(path)
        return load(*arguments, **others)

    monkeypatch.setattr(loading, "load_checkpoint", deleted_first)
    with pytest.raises(ModelRefusedError, match=r"missing; copy the model again"):
        registry.load(info)
    assert registry.nbytes == 0


def test_models_that_come_and_go_while_they_are_listed_harm_nothing(root):
    for number in range(20):
        write_lora(root / "loras" / f"still-{number}.safetensors")
    registry, ended, faults = ModelRegistry(root), threading.Event(), []

    def churn():
        number = 0
        while not ended.is_set():
            path = write_lora(root / "loras" / f"d{number % 5}" / "gone.safetensors")
            shutil.rmtree(path.parent)
            number += 1

    worker = threading.Thread(target=churn)
    worker.start()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        names = {one.name for one in registry.models("lora") if one.refused is None}
        faults += [name for name in (f"still-{n}" for n in range(20)) if name not in names]
    ended.set()
    worker.join()
    assert not faults


def test_a_link_in_a_circle_is_named_when_it_is_asked_for(root):
    loras = root / "loras"
    loras.mkdir(parents=True, exist_ok=True)
    (loras / "one.safetensors").symlink_to("two.safetensors")
    (loras / "two.safetensors").symlink_to("one.safetensors")
    for _ in range(2):  # the second time from what the first one listed
        with pytest.raises(ModelRefusedError, match="links are circular"):
            ModelRegistry(root).find("one", "lora")


@pytest.mark.parametrize("given", ["ink", None, 5])
def test_what_is_no_listed_model_is_named_by_all_that_take_one(tmp_path, given):
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        for take in (
            bench.hashes,
            bench.notes,
            bench.note,
            lambda it: bench.rename_model(it, "new"),
            lambda it: bench.tell_edition(it, "base"),
        ):
            with pytest.raises(ConfigError, match="is not a listed model; find it by its name"):
                take(given)
        if given != "ink":
            with pytest.raises(ModelNotFoundError, match="a name is text"):
                bench.registry.find(given, "lora")
