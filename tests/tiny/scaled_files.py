"""Weights of eight bits with scales, written as ComfyUI and others publish them."""

import json

import torch

LARGEST = {torch.float8_e4m3fn: 448.0, torch.float8_e5m2: 57344.0}


def scaled(weight, dtype=torch.float8_e4m3fn, *, by_rows=False):
    """A weight in eight bits, and its scale: a number, or one for each row, (out, 1)."""
    largest = weight.abs().amax(1, keepdim=True) if by_rows else weight.abs().max()
    scale = (largest / LARGEST[dtype]).clamp(min=1e-12)
    return (weight / scale).to(dtype), scale.float()


def is_scaled(name, value):
    """Whether the makers of such files scale a tensor: a layer's matrix."""
    return name.endswith(".weight") and value.ndim == 2


def with_scales(tensors, form="scale_weight", prefix="", **settings):
    """A network's tensors with scales in one of the forms that are published.

    Args:
        tensors: Its weights.
        form: "scale_weight", of ComfyUI until 2025; "comfy_quant" or "metadata", of ComfyUI since;
            "weight_scale", with nothing else.
        prefix: Before the names.
        settings: As of `scaled`.

    Returns:
        The tensors, the file's metadata, and the numbers that the scaled weights stand for.
    """
    found, stands_for, layers = {}, {}, {}
    for name, value in tensors.items():
        layer = f"{prefix}{name.removesuffix('.weight')}"
        if not is_scaled(name, value):
            found[f"{prefix}{name}"] = value
            continue
        weight, scale = scaled(value, **settings)
        stands_for[name] = weight.float() * scale
        found[f"{layer}.weight"] = weight
        found[f"{layer}.{'scale_weight' if form == 'scale_weight' else 'weight_scale'}"] = scale
        told = {"format": str(weight.dtype).removeprefix("torch."), "full_precision_matrix_mult": 1}
        layers[layer] = told
        if form == "scale_weight":
            found[f"{layer}.scale_input"] = torch.tensor(0.5)
        elif form == "comfy_quant":
            found[f"{layer}.input_scale"] = torch.tensor(0.5)
            found[f"{layer}.comfy_quant"] = as_bytes(told)
    if form == "scale_weight":
        found[f"{prefix}scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    told = {"format_version": "1.0", "layers": layers}
    metadata = {"_quantization_metadata": json.dumps(told)} if form == "metadata" else {}
    return found, metadata, stands_for


def as_bytes(told):
    """What a layer's mark says, as a tensor of bytes."""
    return torch.tensor(list(json.dumps(told).encode()), dtype=torch.uint8)
