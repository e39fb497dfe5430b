"""A model that has another name here is found by its content, and a picture made again with it."""

import shutil

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import LeftOutWarning
from medialab.files.digests import sha256_of_tensors
from tests.infotext.pictures import LINE, sha_of


def test_models_may_swap_their_names(own):
    files = {
        name: own.registry.find(name, "lora").path for name in ("pencil-sketch", "night-palette")
    }
    first, second = (sha256_of_tensors(path)[:12] for path in files.values())
    read = own.read_settings(
        f"a <lora:pencil-sketch:0.3> <LoRA:night-palette:0.7> cat\n{LINE}, "
        f'Lora hashes: "pencil-sketch: {second}, night-palette: {first}"'
    )
    assert read.config.prompt == "a <lora:night-palette:0.3> <LoRA:pencil-sketch:0.7> cat"
    paperdoll, other = (sha_of(own, name)[:10] for name in ("paperdoll", "other"))
    read = own.read_settings(
        f"a\n{LINE}, Model hash: {other}, Model: paperdoll, Hires upscale: 2, "
        f"Hires checkpoint: other [{paperdoll}]"
    )
    assert (read.config.checkpoint, read.config.refiner.checkpoint) == ("other", "paperdoll")


def test_a_sidecar_finds_a_model_that_was_renamed(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder, models)
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        asked = PipelineConfig(
            prompt="a <lora:night-palette:0.5> doll", checkpoint="other", seed=5, steps=2
        )
        config = bench.resolve(asked)
        saved = bench.artifacts.save(Image.new("RGB", (64, 64)), config, {})
        loras, checkpoints = models / "loras", models / "checkpoints"
        (loras / "night-palette.safetensors").rename(loras / "dusk.safetensors")
        shutil.copy(loras / "pencil-sketch.safetensors", loras / "night-palette.safetensors")
        (checkpoints / "other").rename(checkpoints / "moved")
        with pytest.warns(LeftOutWarning, match="'other' is here as 'moved'"):
            found = bench.artifacts.load(saved.path)
        assert (found.checkpoint, found.prompt) == ("moved", "a <lora:dusk:0.5> doll")
        assert found.models_sha256 == {"lora/dusk": config.models_sha256["lora/night-palette"]}
        assert bench.resolve(found) == found


def test_a_renamed_checkpoint_makes_the_same_bytes(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder / "checkpoints" / "other", models / "checkpoints" / "other")
    asked = PipelineConfig(
        prompt="a doll", checkpoint="other", seed=5, steps=1, width=64, height=64
    )
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        run = bench.execute(asked)
        (models / "checkpoints" / "other").rename(models / "checkpoints" / "moved")
        shutil.copytree(folder / "checkpoints" / "paperdoll", models / "checkpoints" / "other")
        with pytest.warns(LeftOutWarning, match="'moved'"):
            loaded = bench.artifacts.load(run.artifact.path)
        assert bench.execute(loaded).image.tobytes() == run.image.tobytes()
        with pytest.warns(LeftOutWarning, match="'moved'"):
            again = bench.execute(run.config)  # as it was, without its sidecar
        assert again.image.tobytes() == run.image.tobytes()
        shutil.rmtree(models / "checkpoints" / "other")
        with pytest.warns(LeftOutWarning, match="'moved'"):
            assert bench.execute(run.config).config.checkpoint == "moved"
