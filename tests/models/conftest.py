"""A place for recipes to train in: folders of the test's own, and models that take seconds."""

import shutil
from pathlib import Path

import pytest

from models.paperdoll import detector, family, judge, latents, train, training, vae


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let recipes read and write below `folder`, at the smallest size that works."""
    models = folder / "models"
    monkeypatch.setattr(family, "REPOSITORY", folder)
    monkeypatch.setattr(family, "TRAINING", folder / "training")
    monkeypatch.setattr(family, "MODELS", models)
    monkeypatch.setattr(family, "CHECKPOINT", models / "checkpoints" / "paperdoll")
    monkeypatch.setattr(training, "LOG_EVERY", 2)
    # What a few steps have learnt is nothing: a look at it need not be a long one.
    monkeypatch.setattr(family, "SAMPLING_STEPS", 2)
    monkeypatch.setattr(judge, "RENDERS", 100)
    monkeypatch.setattr(detector, "_LOOKED_AT", 4)
    monkeypatch.setattr(detector, "_SHOWN", 4)
    monkeypatch.setattr(latents, "_FIRST", 4)
    monkeypatch.setattr(vae, "_WHITENING", 16)
    smallest = family.Size((16, 16, 16, 16), (32, 32, 32), 1, 32, 1, batch=2)
    monkeypatch.setitem(family.SIZES, "tiny", smallest)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty place to train in."""
    move_to(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """VAE, base and judge after two steps each."""
    folder = tmp_path_factory.mktemp("paperdoll")
    with pytest.MonkeyPatch.context() as monkeypatch:
        move_to(folder, monkeypatch)
        for recipe in ("vae", "base", "judge"):
            train.main([recipe, "--steps", "2"])
    return folder


@pytest.fixture
def trained(trained_once, monkeypatch):
    """`trained(*recipes)`: the place where they too have seen two steps, once for all tests."""
    move_to(trained_once, monkeypatch)

    def train_them(*recipes):
        for recipe in recipes:
            if not (trained_once / "training" / recipe / "state.safetensors").exists():
                train.main([recipe, "--steps", "2"])
        return trained_once

    return train_them


@pytest.fixture
def base(workplace, trained_once):
    """A place with a base checkpoint and a judge that have seen two steps."""
    shutil.copytree(trained_once, workplace, dirs_exist_ok=True)
    return workplace
