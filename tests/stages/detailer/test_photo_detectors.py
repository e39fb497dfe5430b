"""The detectors for photos in a run: found in the folder, chosen, and named in the record."""

import shutil

import pytest

from medialab import PipelineConfig, Workbench
from tests.photos.photos import FOLDER

# Looked for, and not repainted: that needs no checkpoint.
LOOK = {"enabled": True, "denoising_strength": 0.0}


@pytest.fixture
def models(photo_files, tmp_path):
    """A models folder that holds the networks of `make photos` and nothing else."""
    folder = tmp_path / "models" / "detectors"
    folder.mkdir(parents=True)
    for network, path in photo_files.items():
        shutil.copy(path, folder / f"{network.name}.tflite")
    return folder.parent


def test_faces_hands_and_people_of_a_photo_are_found_with_no_checkpoint_and_the_record_says_by_what(
    models, tmp_path
):
    config = PipelineConfig(face=LOOK, hand=LOOK, body=LOOK)
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        run = bench.enhance(FOLDER / "three_people.jpg", config)
    applied = {stage["name"]: stage.get("applied", {}) for stage in run.record["stages"]}
    for stage, name, found in (
        ("body", "photo-pose", 3),
        ("face", "photo-face-full", 3),
        ("hand", "photo-palm", 1),
    ):
        assert applied[stage]["found_by"] == name
        assert applied[stage]["found"] == found
        assert applied[stage]["detectors"] == [{"name": name, "found": found, "kept": found}]
