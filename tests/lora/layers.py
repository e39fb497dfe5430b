"""Layers of the tiny checkpoint, and files written for them."""

import hashlib

import torch
from safetensors.torch import save_file

LINEAR = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


CONV = "down_blocks.0.resnets.0.conv1"


NORM = "down_blocks.0.resnets.0.norm1"


TEXT = "encoder.layers.0.self_attn.q_proj"


def module(model, path, part="unet"):
    return model.components[part].get_submodule(path)


def checksum(model):
    digest = hashlib.sha256()
    for part in ("unet", "text_encoder", "vae"):
        for name, value in sorted(model.components[part].state_dict().items()):
            digest.update(name.encode())
            digest.update(value.reshape(-1).clone().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def written(tmp_path, tensors, name="style", metadata=None):
    path = tmp_path / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata)
    return path
