"""A picture's settings are taken over as far as they go, and what does not go is told."""

import shutil

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.infotext import text as infotext
from widgets.restoring import restore

NOW = PipelineConfig()


def restored(text, bench):
    return restore(infotext.read(text), NOW, bench)


def test_everything_of_our_own_picture_comes_back(bench):
    config = PipelineConfig(
        prompt="a cat",
        steps=9,
        seed=5,
        sharpen=0.5,
        upscaler={"enabled": True},
        width=64,
        height=64,
    )
    text = infotext.write(bench.resolve(config), checkpoint_hash="0" * 10, version="here")
    found = restored(text, bench)
    assert found.left_out == {}
    assert found.config == config
    assert found.html("<x>.png").startswith("All settings taken from &lt;x&gt;.png: prompt, seed 5")
    assert "<ul>" not in found.html("x.png")


def test_what_another_program_knows_alone_is_named(bench):
    found = restored(
        "a cat <lora:ink:0.5>\nSteps: 12, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 64x96, "
        "Model: pony, Model hash: abc, Token merging ratio: 0.5, Version: v1.10",
        bench,
    )
    assert (found.config.steps, found.config.width, found.config.height) == (12, 64, 96)
    assert found.config.checkpoint == "paperdoll"
    assert set(found.left_out) == {"Model", "Token merging ratio", "LoRA ink"}
    assert "'pony'" in found.left_out["Model"]
    assert "<li><b>LoRA ink</b> is not set: " in found.html("x.png")


def test_a_source_that_is_not_here_is_told_and_left_out(bench):
    bench_picture = bench.keep(Image.new("RGB", (64, 64), "teal"))
    config = PipelineConfig(mode="img2img", image=bench_picture, seed=5)
    text = infotext.write(bench.resolve(config), checkpoint_hash="0" * 10, version="here")
    assert restored(text, bench).config.image == bench_picture
    bench.pictures._path(bench_picture).unlink()
    found = restored(text, bench)
    assert found.config.mode == "txt2img"
    assert "choose it again" in found.left_out["image"]


def test_a_vae_that_is_not_here_is_told_and_the_checkpoints_own_is_used(bench):
    text = (
        "a cat\nSteps: 12, Sampler: Euler, Seed: 5, Model: paperdoll, VAE hash: abc, "
        "VAE: kl-f8.safetensors, ADetailer model: face_yolov8n.pt, ADetailer use separate VAE: "
        "True, ADetailer VAE: mse.pt"
    )
    found = restored(text, bench)
    assert set(found.left_out) == {"VAE", "VAE of face"}
    assert "'kl-f8'" in found.left_out["VAE"]
    assert (found.config.vae, found.config.face.vae) == ("", "")
    assert found.config.face.enabled


def test_a_vae_that_is_here_comes_back(bench, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(bench.registry.folder, folder)
    shutil.copytree(folder / "checkpoints" / "paperdoll" / "vae", folder / "vae" / "mse")
    with Workbench(folder, tmp_path / "others", device="cpu") as own:
        text = "a cat\nSteps: 12, Sampler: Euler, Seed: 5, VAE: mse.safetensors"
        found = restored(text, own)
    assert found.config.vae == "mse"
    assert found.left_out == {}


@pytest.mark.parametrize("text", ["just words", ""])
def test_a_text_without_parameters_is_a_prompt(bench, text):
    assert restored(text, bench).config == NOW.changed(prompt=text)
