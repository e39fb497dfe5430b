"""What models and pictures need is told by headers and sizes, and nothing is loaded."""

import json

import pytest
import torch
from safetensors.torch import save_file

from medialab.errors import ModelRefusedError
from medialab.listing.info import ModelInfo
from medialab.loading.memory_needs import (
    DECODER_MAPS,
    ENCODER_MAPS,
    bytes_in_memory,
    decoding_bytes,
    encoding_bytes,
    part_sizes,
)
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


def test_copies_of_a_training_in_a_checkpoint_are_not_counted(tmp_path):
    weights = {"model.diffusion_model.a.weight": torch.zeros(10, 10)}
    (tmp_path / "checkpoints").mkdir()
    save_file(weights | {"model_ema.a": torch.zeros(100)}, tmp_path / "checkpoints/a.safetensors")
    info = ModelRegistry(tmp_path).models("checkpoint")[0]
    assert bytes_in_memory(info, "float32") == 400


@pytest.mark.parametrize(("dtype", "item"), [("float32", 4), ("float16", 2), ("bfloat16", 2)])
def test_weights_count_as_the_dtype_that_they_become(tmp_path, dtype, item):
    write_lora(tmp_path / "loras" / "a.safetensors", width=768, rank=4)
    info = ModelRegistry(tmp_path).find("a", "lora")
    assert bytes_in_memory(info, dtype) == 768 * 4 * item


@pytest.mark.parametrize("name", ["a.onnx", "a.safetensors"])
def test_of_other_formats_and_of_a_broken_file_the_files_size_counts(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"no header")
    info = ModelInfo("a", "detector", "unknown", "unknown", path, 9)
    assert bytes_in_memory(info, "float32") == 9


def test_of_a_folders_variants_one_counts_the_plain_one_if_it_is_there(tmp_path):
    unet = tmp_path / "unet"
    unet.mkdir()
    (unet / "config.json").write_text("{}")
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    names = ["diffusion_pytorch_model", "diffusion_pytorch_model.fp16"]
    for name, numbers in zip(names, (10, 7), strict=True):
        save_file({"a": torch.zeros(numbers)}, unet / f"{name}.safetensors")
    info = ModelInfo("a", "checkpoint", "sd15", "diffusers", tmp_path, 0)
    assert bytes_in_memory(info, "float32") == 40


@pytest.mark.parametrize("stored", ["", "Q4_0"])
def test_of_a_family_that_does_not_run_no_parts_are_known_and_the_loader_refuses_it(
    tmp_path, stored
):
    """A GPU's memory was asked for them first, by their family's name: a KeyError."""
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(10)}, path)
    info = ModelInfo("a", "checkpoint", "unknown", "unknown", path, 9, stored=stored)
    assert part_sizes(info, (), "float32").all == 0
    with pytest.raises(ModelRefusedError, match="checkpoint 'a'"):
        ModelRegistry(tmp_path, device="cpu").load(info)


def test_a_vae_needs_feature_maps_of_the_pictures_size():
    assert decoding_bytes(512, 256, 128, 4) == 512 * 256 * 128 * 4 * DECODER_MAPS
    assert encoding_bytes(512, 256, 128, 2) == 512 * 256 * 128 * 2 * ENCODER_MAPS
