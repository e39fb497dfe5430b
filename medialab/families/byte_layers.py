"""Layers whose weights are a byte each, with scales; a layer makes its own when it runs.

The bytes are a tensor of integers: torch and diffusers then leave them as they are where they
convert the rest, and ask another one for the network's dtype. All arithmetic is in the precision
of what comes in.
"""

import torch
import torch.nn.functional as F


class ByteLinear(torch.nn.Linear):
    """A linear layer whose weight is bytes, (out, in), int8 or uint8.

    Attributes:
        scale: The scales of its rows, (out, 1), float32; a buffer.
        kind: The dtype that the bytes are numbers of.
        computes_in: The dtype that it computes in, if it has no bias to tell.
    """

    scale: torch.Tensor
    kind: torch.dtype
    computes_in: torch.dtype

    @property
    def compute_dtype(self) -> torch.dtype:
        """The dtype that it computes in, which some layers of diffusers ask for by this name."""
        return self.computes_in if self.bias is None else self.bias.dtype

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name of it
        """Return the layer's output, computed in its input's dtype."""
        weight = unpacked(self.weight.view(self.kind), self.scale, input.dtype)
        return F.linear(input, weight, self.bias)


class ByteConv2d(torch.nn.Conv2d):
    """A convolution whose weight is bytes, (out, in, h, w); `scale` is (out, 1, 1, 1)."""

    scale: torch.Tensor
    kind: torch.dtype
    computes_in: torch.dtype

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name of it
        """Return the layer's output, computed in its input's dtype."""
        weight = unpacked(self.weight.view(self.kind), self.scale, input.dtype)
        found: torch.Tensor = self._conv_forward(input, weight, self.bias)
        return found


_CLASSES: dict[type, type[ByteLinear | ByteConv2d]] = {
    torch.nn.Linear: ByteLinear,
    torch.nn.Conv2d: ByteConv2d,
}


def can_be_bytes(layer: torch.nn.Module) -> bool:
    """Return whether there is a layer of bytes that computes the same."""
    return type(layer) in _CLASSES


def become_bytes(
    layer: torch.nn.Module, weight: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype
) -> None:
    """Give a layer a weight of eight bits, as bytes, and the scales of its rows.

    Args:
        layer: One that can be bytes; its own weight may be empty, its bias stays.
        weight: (out, in, …), in a dtype of eight bits.
        scale: A scale for each of its rows, float32.
        dtype: What it computes in.
    """
    bytes_ = weight.view(torch.uint8) if weight.is_floating_point() else weight
    layer.weight = torch.nn.Parameter(bytes_, requires_grad=False)
    layer.register_buffer("scale", by_rows(scale, weight), persistent=False)
    layer.__class__ = _CLASSES[type(layer)]
    layer.kind, layer.computes_in = weight.dtype, dtype  # type: ignore[assignment]


def by_rows(scale: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return a weight's scales with as many dimensions as it has: (out, 1, …)."""
    return scale.reshape(-1, *[1] * (weight.ndim - 1))


def unpacked(weight: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return a weight of eight bits as numbers of a dtype, rounded once, from float32 products."""
    return weight.float().mul_(scale).to(dtype)
