"""Weights stored as int8, with a scale for each output channel; a layer makes its own when it runs.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", symmetric and per channel; only weights are quantised here, and
all arithmetic is in the precision of what comes in.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN

from medialab.families.byte_layers import become_bytes, can_be_bytes

# The largest number of a byte that has a negative one of its size.
_MOST = 127


def store_in_int8(network: Any) -> None:
    """Store a network's large weights as int8, layer by layer, so that memory only falls.

    The layers are those that diffusers stores as float8: no norm, and none that reads positions.

    Args:
        network: A network of diffusers, with its weights in floating point.
    """
    for layer in list(_large_layers(network)):
        become_bytes(layer, *quantised(layer.weight.data), layer.weight.dtype)


def quantised(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a weight as int8 with its scales: the nearest whole numbers of scales.

    Args:
        weight: (out, in, …), floating point.

    Returns:
        The int8 weight in the memory layout of the original, and the scales, (out, 1, …), float32:
        a 127th of the largest number of each output channel.
    """
    with torch.inference_mode(mode=False), torch.no_grad():
        numbers = weight.float()
        largest = numbers.abs().amax(dim=tuple(range(1, weight.ndim)), keepdim=True)
        # A channel of zeros has no scale; any gives zeros again.
        scale = torch.where(largest > 0, largest / _MOST, torch.ones_like(largest))
        return (numbers / scale).round().clamp(-_MOST, _MOST).to(torch.int8), scale


def _large_layers(network: Any) -> Iterator[Any]:
    """Yield the layers whose weights are stored.

    Source: diffusers, ModelMixin.enable_layerwise_casting.
    """
    own = ("_keep_in_fp32_modules", "_skip_layerwise_casting_patterns")
    skipped = re.compile(
        "|".join(
            [*DEFAULT_SKIP_MODULES_PATTERN, *(one for name in own for one in _names(network, name))]
        )
    )
    inside = ""  # of a part that is skipped whole
    for path, module in network.named_modules():
        if inside and path.startswith(inside):
            continue
        if skipped.search(path):
            inside = f"{path}."
        elif can_be_bytes(module):
            yield module


def _names(network: Any, attribute: str) -> tuple[str, ...]:
    return tuple(getattr(network, attribute, None) or ())
