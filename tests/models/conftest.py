"""A place for recipes to train in: folders of the test's own, and models that take seconds."""

import shutil
from pathlib import Path

import pytest

from models.paperdoll import family, train, training


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let recipes read and write below `folder`, at the smallest size that works."""
    models = folder / "models"
    monkeypatch.setattr(family, "REPOSITORY", folder)
    monkeypatch.setattr(family, "TRAINING", folder / "training")
    monkeypatch.setattr(family, "MODELS", models)
    monkeypatch.setattr(family, "CHECKPOINT", models / "checkpoints" / "paperdoll")
    monkeypatch.setattr(training, "LOG_EVERY", 2)
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
def base(workplace, trained_once):
    """A place with a base checkpoint and a judge that have seen two steps."""
    shutil.copytree(trained_once, workplace, dirs_exist_ok=True)
    return workplace
