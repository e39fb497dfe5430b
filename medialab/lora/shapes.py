"""Shapes of a layer in a LoRA file against a module's weight, and how that weight is stored."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialab.lora.deltas import delta
from medialab.lora.files import Layer

if TYPE_CHECKING:
    import torch


def shape_of(module: Any) -> tuple[int, ...]:
    """Return the shape of a module's weight, (out, in, …), however it is stored."""
    if (outputs := getattr(module, "out_features", None)) is not None:
        return int(outputs), int(module.in_features)
    return tuple(module.weight.shape)


def is_packed(module: Any) -> bool:
    """Return whether a weight is stored in fewer than 16 bits, so that no sum is kept in it."""
    import torch

    return module.weight.dtype not in {torch.float32, torch.float16, torch.bfloat16, torch.float64}


def fits(layer: Layer, shape: tuple[int, ...]) -> bool:
    """Return whether the shapes of a layer's tensors fit a weight's. Cost: no arithmetic."""
    try:
        return _sides_fit(layer, shape)
    except IndexError:  # fewer dimensions than any weight has
        return False


def _sides_fit(layer: Layer, shape: tuple[int, ...]) -> bool:
    leaves = layer.leaves
    sides = {shape[0], shape[1] if len(shape) > 1 else shape[0]}
    for name, sizes in (("magnitude", sides), ("diff_b", {shape[0]})):
        if name in leaves and leaves[name].numel() not in sizes:
            return False
    if "down" in leaves:
        return _pair_fits(leaves, shape)
    if "diff" in leaves:
        return leaves["diff"].numel() == math.prod(shape)
    if "ia3" in leaves:
        return leaves["ia3"].numel() in sides
    if "oft" in leaves:
        return math.prod(leaves["oft"].shape[:2]) == shape[0]
    return layer.kind not in {"loha", "lokr"} or _multiplies_to(layer, shape)


def _pair_fits(leaves: "Mapping[str, torch.Tensor]", shape: tuple[int, ...]) -> bool:
    """Return whether a plain LoRA, or one with a core (`mid`), fits a weight."""
    down, up, mid = leaves["down"], leaves.get("up"), leaves.get("mid")
    outputs, inputs = shape[0], math.prod(shape[1:])
    if up is None or up.shape[0] != outputs:
        return False
    if mid is not None:
        return down.shape[1] * math.prod(mid.shape[2:]) == inputs
    return math.prod(down.shape[1:]) == inputs and math.prod(up.shape[1:]) == down.shape[0]


def _multiplies_to(layer: Layer, shape: tuple[int, ...]) -> bool:
    """Return whether ΔW can be computed, tried on torch's meta device, without values."""
    import torch

    with torch.device("meta"):
        meta = torch.empty(shape)
        # Scalars have no value there, and do not change the shape of ΔW.
        shapes = {
            name: value.to("meta") for name, value in layer.leaves.items() if name not in _NUMBERS
        }
        try:
            return delta(shapes, meta, layer.rows).shape == shape
        except ValueError:
            return False


_NUMBERS = {"alpha", "magnitude"}
