"""A checkpoint's folder is offered where it opens, and refused in the listing where it does not."""

import json
import shutil

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry


@pytest.fixture
def folder(tiny_models, tmp_path):
    """A copy of the tiny checkpoint's folder."""
    target = tmp_path / "models" / "checkpoints" / "mine"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", target)
    return target


def listed(folder):
    (info,) = ModelRegistry(folder.parents[1]).models("checkpoint")
    return info


def change(path, **settings):
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_what_other_programs_keep_in_a_repository_is_passed_over(folder):
    """As SDXL's own repository holds parts for OpenVINO, and SD1.5's a checker as a pickle."""
    for part, file in (
        ("vae_decoder", "openvino_model.bin"),
        ("vae_encoder", "openvino_model.bin"),
        ("safety_checker", "pytorch_model.bin"),
        ("image_encoder", "model.safetensors"),
    ):
        (folder / part).mkdir()
        (folder / part / "config.json").write_text("{}")
        (folder / part / file).write_bytes(b"no weights")
    (folder / "whole-model.safetensors").write_bytes(b"cut")
    change(folder / "model_index.json", safety_checker=["stable_diffusion", "SafetyChecker"])
    assert listed(folder).refused is None
    load_checkpoint(listed(folder), "cpu")


@pytest.mark.parametrize(
    ("file", "settings", "says"),
    [
        ("model_index.json", {"_class_name": "StableDiffusionLatentUpscalePipeline"}, "enlarging"),
        ("model_index.json", {"_class_name": "MarigoldDepthPipeline"}, "estimating depth"),
        ("model_index.json", {"_class_name": "StableUnCLIPPipeline"}, "varying a picture"),
        ("model_index.json", {"_class_name": "StableDiffusionLDM3DPipeline"}, "with depth"),
        ("model_index.json", {"vae": ["diffusers", "AsymmetricAutoencoderKL"]}, "AutoencoderKL"),
        ("model_index.json", {"text_encoder": ["x", "RobertaSeriesModel"]}, "CLIPTextModel"),
        ("scheduler/scheduler_config.json", {"_class_name": "EDMEulerScheduler"}, "EDM's noise"),
        (
            "scheduler/scheduler_config.json",
            {"_class_name": "FlowMatchEulerDiscreteScheduler"},
            "flow matching",
        ),
        ("scheduler/scheduler_config.json", {"prediction_type": ["epsilon"]}, "prediction_type"),
        ("vae/config.json", {"latent_channels": 16}, "latent_channels"),
        ("text_encoder/config.json", {"num_hidden_layers": 9}, "num_hidden_layers"),
    ],
)
def test_what_a_config_tells_is_refused_in_the_listing(folder, file, settings, says):
    change(folder / file, **settings)
    info = listed(folder)
    assert says in (info.refused or "offered")
    with pytest.raises(ModelRefusedError, match=says):
        load_checkpoint(info, "cpu")


@pytest.mark.parametrize("part", ["scheduler", "text_encoder", "tokenizer", "unet", "vae"])
def test_a_folder_without_one_of_its_parts_is_refused_in_the_listing(folder, part):
    shutil.rmtree(folder / part)
    assert part in listed(folder).refused or "family unknown" in listed(folder).refused


@pytest.mark.parametrize("dtype", ["I8", "U8", "C64"])
def test_weights_that_are_none_are_refused_in_the_listing(folder, dtype):
    name, size = "decoder.conv_in.weight", {"I8": 1, "U8": 1, "C64": 8}[dtype]
    text = json.dumps({name: {"dtype": dtype, "shape": [4], "data_offsets": [0, 4 * size]}})
    weights = len(text).to_bytes(8, "little") + text.encode() + bytes(4 * size)
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(weights)
    assert f"holds {dtype} ({name})" in listed(folder).refused
    (folder.parent / "alone.safetensors").write_bytes(weights)
    alone, _ = ModelRegistry(folder.parents[1]).models("checkpoint")
    assert f"holds {dtype} ({name})" in alone.refused


def test_a_folder_with_scaled_weights_is_refused_in_the_listing(folder):
    from safetensors.torch import load_file, save_file

    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(load_file(path) | {"conv_in.scale_weight": torch.ones(1)}, path)
    assert "is quantised, with scales" in listed(folder).refused
