"""Large work on a CPU that can be cancelled between two operations, not only between two steps.

A step on a picture of some megapixels takes a CPU minutes, and so does the VAE. Attention and
convolutions of that size are computed in parts, which give what the whole gives.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

LARGE = 512 * 512  # pixels from which a cancel between two steps comes late on a CPU
# Multiplications of one part: a third of a second on two cores. Four times as many parts took SD1.5
# 5 % longer at 512 px, for what the parts share is read and laid out anew for each.
_MOST = 16_000_000_000
_BLOCK = 256  # queries; of torch's flash attention on CPUs


class Interruptible(TorchFunctionMode):
    """Within the block, this thread's operations on tensors are preceded by `check`.

    Args:
        check: raises to stop the work.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call an operation, in parts if it is a large one."""
        self._check()
        if func is F.scaled_dot_product_attention:
            return self._attention(*args, **(kwargs or {}))
        if func is torch.conv2d:
            return self._conv2d(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _attention(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Compute attention for some queries at a time."""
        work = 2 * query.numel() * key.shape[-2]
        mask = args[0] if args else kwargs.get("attn_mask")
        if work <= _MOST or mask is not None or len(args) > 1 or kwargs.get("is_causal"):
            return F.scaled_dot_product_attention(query, key, value, *args, **kwargs)
        parts = []
        # A part of whole blocks of torch's kernel has the bytes that it has in the whole.
        rows = -(-_rows(query.shape[-2], work) // _BLOCK) * _BLOCK
        for one in query.split(rows, dim=-2):
            self._check()
            parts.append(F.scaled_dot_product_attention(one, key, value, *args, **kwargs))
        return torch.cat(parts, dim=-2)

    def _conv2d(
        self, pixels: torch.Tensor, weight: torch.Tensor, *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Convolve some rows at a time, each with the rows around that it needs."""
        names = ("bias", "stride", "padding", "dilation", "groups")
        given: dict[str, Any] = {**dict(zip(names, args, strict=False)), **kwargs}
        padding, stride = _pair(given.get("padding", 0)), _pair(given.get("stride", 1))
        dilation, kernel = _pair(given.get("dilation", 1)), weight.shape[-2:]
        if padding is None or stride is None or dilation is None or pixels.ndim != 4:
            return torch.conv2d(pixels, weight, *args, **kwargs)
        reach = dilation[0] * (kernel[0] - 1) + 1
        high = (pixels.shape[-2] + 2 * padding[0] - reach) // stride[0] + 1
        work = pixels.shape[0] * weight.numel() * high * (pixels.shape[-1] // stride[1])
        if work <= _MOST or padding[0] >= reach:
            return torch.conv2d(pixels, weight, *args, **kwargs)
        parts = []
        for first in range(0, high, rows := _rows(high, work)):
            self._check()
            top = first * stride[0] - padding[0]
            bottom = (min(first + rows, high) - 1) * stride[0] - padding[0] + reach
            seen = pixels[..., max(top, 0) : min(bottom, pixels.shape[-2]), :]
            edges = (0, 0, max(-top, 0), max(bottom - pixels.shape[-2], 0))
            own = {**given, "padding": (0, padding[1])}
            parts.append(torch.conv2d(F.pad(seen, edges) if any(edges) else seen, weight, **own))
        return torch.cat(parts, dim=-2)


def _rows(rows: int, work: int) -> int:
    """Return how many of these rows make a part, if all of them are that much work."""
    return max(rows * _MOST // work, 1)


def _pair(value: Any) -> tuple[int, int] | None:
    """Return a convolution's number for both directions; None for a word."""
    if isinstance(value, str):
        return None
    if isinstance(value, int):
        return value, value
    return tuple(value) if len(value) == 2 else (value[0], value[0])
