"""Every recipe trains two steps, can be ended and goes on where it stopped."""

import csv

import pytest
from diffusers import StableDiffusionPipeline

from models.paperdoll import family, train


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A training folder and a checkpoint folder of the test's own."""
    monkeypatch.setattr(family, "REPOSITORY", tmp_path)
    monkeypatch.setattr(family, "TRAINING", tmp_path / "training")
    monkeypatch.setattr(family, "CHECKPOINT", tmp_path / "checkpoint")
    return tmp_path


def test_a_vae_and_a_unet_train_two_steps_and_make_a_checkpoint_that_draws(workplace):
    train.main(["vae", "--steps", "2"])
    train.main(["base", "--steps", "2", "--batch", "2"])
    pipeline = StableDiffusionPipeline.from_pretrained(
        workplace / "checkpoint", use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red ball", num_inference_steps=1).images[0]
    assert image.size == (family.NATIVE_SIZE, family.NATIVE_SIZE)


def test_training_goes_on_from_the_step_where_it_ended(workplace, capsys):
    train.main(["vae", "--steps", "20"])
    before = (workplace / "training" / "vae" / "state.safetensors").read_bytes()
    train.main(["vae", "--steps", "40"])
    assert "going on from step 20" in capsys.readouterr().out
    assert (workplace / "training" / "vae" / "state.safetensors").read_bytes() != before
    with (workplace / "training" / "vae" / "log.csv").open(newline="") as log:
        assert [row[0] for row in csv.reader(log)] == ["20", "40"]
