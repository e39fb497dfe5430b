"""Pictures to save, and what was saved."""

import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from medialab.artifacts import Sidecar
from medialab.config.resolved import ResolvedConfig

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "outputs"


def config(**settings):
    known = {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64}
    return ResolvedConfig.model_validate(known | settings)


def image(colour="red"):
    return Image.new("RGB", (64, 64), colour)


def files(outputs, pattern="*"):
    return sorted(path for path in outputs.rglob(pattern) if path.is_file())


def check_whole(outputs):
    """Every picture opens and has the sidecar it was written with; return how many there are."""
    pictures = files(outputs, "*.png")
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert "Steps: " in picture.text["parameters"]
        sidecar = Sidecar.read(path.with_suffix(".json"))
        assert path.name.split("-")[1] == str(sidecar.config.seed)
    return len(pictures)


def rows(outputs):
    with sqlite3.connect(outputs / "index.sqlite") as connection:
        found = connection.execute("SELECT * FROM pictures ORDER BY id").fetchall()
    connection.close()
    return found
