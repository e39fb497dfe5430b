"""Tiles: boxes that cover a whole too large for one piece, and their pieces blended together."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box

if TYPE_CHECKING:
    import torch


def tiles(width: int, height: int, tile: int, overlap: int) -> list[Box]:
    """Return boxes that cover a picture, row by row.

    Each shares at least `overlap` pixels with the next. All are `tile` pixels a side where the
    picture is as large.
    """
    return [
        Box(left, top, min(width, left + tile), min(height, top + tile))
        for top in _starts(height, tile, overlap)
        for left in _starts(width, tile, overlap)
    ]


def blended(
    shape: Sequence[int],
    boxes: Sequence[Box],
    overlap: int,
    make: "Callable[[Box], torch.Tensor]",
    *,
    scale: int = 1,
    device: "torch.device | str" = "cpu",
    on_tile: Callable[[int, int], None] = lambda _done, _all: None,
) -> "torch.Tensor":
    """Return what `make` gives of each box as one whole, where one piece fades into the next.

    Over an overlap the weight of a piece falls to its edge, where it is least.

    Args:
        shape: of the whole, (…, scale · height, scale · width).
        boxes: the tiles, as `tiles` gives them.
        overlap: what they share, in the boxes' pixels.
        make: from a box to its piece, (…, scale · h, scale · w), on that device.
        scale: how many times larger the pieces are than their boxes.
        device: where the whole is put together.
        on_tile: called with (done, all) after each; may raise to stop.

    Returns:
        The weighted mean, float32.
    """
    import torch

    total = torch.zeros(*shape, dtype=torch.float32, device=device)
    weights = torch.zeros(*shape[-2:], dtype=torch.float32, device=device)
    for number, box in enumerate(boxes, start=1):
        place = Box(*(edge * scale for edge in box.edges))
        fade = _fade(place, overlap * scale).to(device)
        part_of(total, place).add_(make(box).float() * fade)
        part_of(weights, place).add_(fade)
        on_tile(number, len(boxes))
    return total / weights


def part_of(whole: "torch.Tensor", box: Box) -> "torch.Tensor":
    """Return a view of the box's part of a tensor, (…, h, w)."""
    return whole[..., box.top : box.bottom, box.left : box.right]


def _fade(box: Box, overlap: int) -> "torch.Tensor":
    """Return (h, w) weights that fall in the overlap's middle half and never to 0.

    The outer quarter hardly counts: a network sees nothing beyond a tile's edge and errs there.
    """
    import torch

    def ramp(length: int) -> torch.Tensor:
        distance = torch.arange(length) + 0.5
        nearest, shared = torch.minimum(distance, distance.flip(0)), max(1, overlap)
        return ((nearest - shared / 4) / (shared / 2)).clamp(min=1e-4, max=1.0)

    return ramp(box.height)[:, None] * ramp(box.width)[None, :]


def _starts(length: int, tile: int, overlap: int) -> Iterable[int]:
    """Return where tiles begin so that the last ends with the picture and the gaps are even."""
    if tile >= length:
        return [0]
    stride = max(1, tile - overlap)
    count = math.ceil((length - tile) / stride) + 1
    return [round(number * (length - tile) / (count - 1)) for number in range(count)]
