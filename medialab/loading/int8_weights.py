"""Weights stored as int8, with a scale for each output channel; a layer makes its own when it runs.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", symmetric and per channel; only weights are quantised here, and
all arithmetic is in the precision of what comes in.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN

# The largest number of a byte that has a negative one of its size.
_MOST = 127


class Int8Linear(torch.nn.Linear):
    """A linear layer with weights of a byte each, and a buffer `scale`."""

    scale: torch.Tensor

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name of it
        """Return the layer's output, computed in its input's dtype."""
        return F.linear(input, unpacked(self.weight, self.scale, input.dtype), self.bias)


class Int8Conv2d(torch.nn.Conv2d):
    """A convolution with weights of a byte each, and a buffer `scale`."""

    scale: torch.Tensor

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name of it
        """Return the layer's output, computed in its input's dtype."""
        weight = unpacked(self.weight, self.scale, input.dtype)
        found: torch.Tensor = self._conv_forward(input, weight, self.bias)
        return found


_CLASSES: dict[type[torch.nn.Module], type[torch.nn.Module]] = {
    torch.nn.Linear: Int8Linear,
    torch.nn.Conv2d: Int8Conv2d,
}


def store_in_int8(network: Any) -> None:
    """Store a network's large weights as int8, layer by layer, so that memory only falls.

    The layers are those that diffusers stores as float8: no norm, and none that reads positions.

    Args:
        network: A network of diffusers, with its weights in floating point.
    """
    for layer in list(_large_layers(network)):
        weight, scale = quantised(layer.weight.data)
        layer.weight = torch.nn.Parameter(weight, requires_grad=False)
        layer.register_buffer("scale", scale, persistent=False)
        layer.__class__ = _CLASSES[type(layer)]


def unpacked(weight: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return an int8 weight as numbers of a dtype, rounded once, from their products in float32."""
    return (weight * scale).to(dtype)


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
        elif type(module) in _CLASSES:
            yield module


def _names(network: Any, attribute: str) -> tuple[str, ...]:
    return tuple(getattr(network, attribute, None) or ())
