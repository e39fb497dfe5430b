import shutil
from pathlib import Path

import pytest

from medialab import Workbench

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tiny_models, tmp_path_factory):
    """Two checkpoints, two LoRAs, an inversion and a VAE."""
    models = tmp_path_factory.mktemp("read") / "models"
    shutil.copytree(tiny_models, models)
    checkpoints = models / "checkpoints"
    shutil.copytree(checkpoints / "paperdoll", checkpoints / "other")
    config = checkpoints / "other" / "model_index.json"
    config.write_text(config.read_text() + "\n")
    for kind, name in (
        ("loras", "pencil-sketch"),
        ("loras", "night-palette"),
        ("embeddings", "mina"),
    ):
        (models / kind).mkdir(exist_ok=True)
        file = f"{kind}/{name}.safetensors"
        shutil.copy(REPOSITORY / "models" / file, models / file)
    shutil.copytree(checkpoints / "paperdoll" / "vae", models / "vae" / "soft")
    return models


@pytest.fixture
def own(folder, tmp_path):
    with Workbench(folder, tmp_path / "outputs", device="cpu") as bench:
        yield bench


@pytest.fixture(scope="module")
def fuzzed(folder, tmp_path_factory):
    with Workbench(folder, tmp_path_factory.mktemp("fuzzed"), device="cpu") as bench:
        yield bench
