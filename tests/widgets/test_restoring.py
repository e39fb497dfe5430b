"""A picture's settings are taken over as far as they go, and what does not go is told."""

import json
import shutil
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from medialab import PipelineConfig, Workbench
from medialab.artifacts.embedded import read_embedded
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


LINE = (
    "a fox\nNegative prompt: rain\nSteps: 12, Sampler: Euler a, CFG scale: 6, Seed: 77, Size: 64x96"
)
GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "pony.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 96}},
    "4": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 77,
            "steps": 12,
            "cfg": 6.0,
            "sampler_name": "euler_ancestral",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["9", 0],
            "latent_image": ["3", 0],
        },
    },
    "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
    "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0]}},
    "9": {"class_type": "LlmWriter", "inputs": {}},
}
# By program: the texts of its picture, and what is told that could not be kept.
PICTURES = {
    "A1111": ({"parameters": f"{LINE}, Version: v1.10.1, NGMS: 2"}, "NGMS"),
    "Forge": ({"parameters": f"{LINE}, Version: f2.0.1v1.10.1, Module 1: ae"}, "no VAE 'ae' here"),
    "SD.Next": ({"parameters": f"{LINE}, App: SD.Next, CFG rescale: 0.7"}, "CFG rescale"),
    "CivitAI": (
        {
            "parameters": f"{LINE}, Created Date: 2024-10-07, Civitai resources: "
            '[{"type":"checkpoint","modelVersionId":29,"modelName":"Pony"}]'
        },
        "version 29 at CivitAI",
    ),
    "Fooocus": (
        {
            "parameters": json.dumps(
                {
                    "prompt": "a fox",
                    "negative_prompt": "rain",
                    "base_model": "jugger",
                    "performance": "Speed",
                    "steps": 12,
                    "guidance_scale": 6,
                    "seed": "77",
                    "resolution": "(64, 96)",
                    "sampler": "euler_ancestral",
                    "scheduler": "normal",
                    "styles": "['Fooocus V2']",
                }
            )
        },
        "jugger",
    ),
    "NovelAI": (
        {
            "Software": "NovelAI",
            "Source": "NovelAI Diffusion V4",
            "Comment": json.dumps(
                {
                    "prompt": "a fox",
                    "uc": "rain",
                    "steps": 12,
                    "scale": 6,
                    "seed": 77,
                    "width": 64,
                    "height": 96,
                    "sampler": "k_euler_ancestral",
                    "noise_schedule": "native",
                }
            ),
        },
        "NovelAI Diffusion V4",
    ),
    "SwarmUI": (
        {
            "parameters": json.dumps(
                {
                    "sui_image_params": {
                        "prompt": "a fox",
                        "negativeprompt": "rain",
                        "model": "pony",
                        "seed": 77,
                        "steps": 12,
                        "cfgscale": 6,
                        "width": 64,
                        "height": 96,
                        "sampler": "euler_ancestral",
                        "scheduler": "normal",
                    }
                }
            )
        },
        "pony",
    ),
    "InvokeAI": (
        {
            "invokeai_metadata": json.dumps(
                {
                    "app_version": "5.6",
                    "generation_mode": "txt2img",
                    "positive_prompt": "a fox",
                    "negative_prompt": "rain",
                    "cfg_scale": 6,
                    "steps": 12,
                    "seed": 77,
                    "width": 64,
                    "height": 96,
                    "scheduler": "euler_a",
                    "model": {"name": "dreamy", "hash": f"blake3:{'ab' * 32}"},
                }
            )
        },
        "'dreamy' with hash abababababab",
    ),
    "ComfyUI": ({"prompt": json.dumps(GRAPH)}, "LlmWriter"),
}


@pytest.mark.parametrize("program", PICTURES)
def test_of_every_program_it_is_said_what_was_taken_and_what_was_not(bench, program):
    texts, lost = PICTURES[program]
    info = PngImagePlugin.PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG", pnginfo=info)
    found = restore(read_embedded(buffer.getvalue()), NOW, bench)
    said = found.html("theirs.png").replace("&#x27;", "'")
    by = "in A1111's form" if program == "A1111" else f"which {program} wrote"
    assert said.startswith(f"Settings taken from theirs.png, {by}: prompt, ")
    for words in ("seed 77", "12 steps", "guidance 6", "sampler Euler a", "size 64×96"):
        assert words in said, words
    config = found.config
    assert (config.prompt, config.seed, config.steps) == ("a fox", 77, 12)
    assert (config.sampler, config.guidance_scale) == ("Euler a", 6.0)
    assert (config.width, config.height) == (64, 96)
    assert (config.negative_prompt == "rain") == (program != "ComfyUI")
    assert lost in said
    offers = {
        "CivitAI": "checkpoint Pony (version 29)",
        "InvokeAI": "checkpoint dreamy (hash abababababab)",
    }
    assert ("CivitAI may have what is missing" in said) == (program in offers)
    assert offers.get(program, "") in said
    assert config.checkpoint == NOW.checkpoint  # theirs is not here, and never replaced by name
