"""Tiles: boxes that cover a picture too large for one piece, and the blending of their results."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box

if TYPE_CHECKING:
    import torch


def tiles(width: int, height: int, tile: int, overlap: int) -> list[Box]:
    """Return boxes that cover a picture, row by row.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        tile: Side of each box, in pixels; less if the picture is smaller.
        overlap: Least number of pixels that neighbours share.
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
    """Compute each tile and blend them into a whole.

    In an overlap, a tile's weight decreases towards its edge.

    Args:
        shape: Shape of the result, (…, scale · height, scale · width).
        boxes: The tiles, as returned by `tiles`.
        overlap: Pixels that neighbours share, at the boxes' scale.
        make: Computes the tile of a box, (…, scale · h, scale · w), on that device.
        scale: Size of a computed tile relative to its box.
        device: The torch device of the result.
        on_tile: Called with (done, all) after each tile; it may raise to stop.

    Returns:
        The weighted mean of the tiles, float32.
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
    """Return a view of a tensor, (…, height, width), inside a box."""
    return whole[..., box.top : box.bottom, box.left : box.right]


def _fade(box: Box, overlap: int) -> "torch.Tensor":
    """Return weights (h, w) in (0, 1] that decrease over the middle half of the overlap.

    The outer quarter has almost no weight: near a tile's edge a network lacks context and is wrong.
    """
    import torch

    def ramp(length: int) -> torch.Tensor:
        distance = torch.arange(length) + 0.5
        nearest, shared = torch.minimum(distance, distance.flip(0)), max(1, overlap)
        return ((nearest - shared / 4) / (shared / 2)).clamp(min=1e-4, max=1.0)

    return ramp(box.height)[:, None] * ramp(box.width)[None, :]


def _starts(length: int, tile: int, overlap: int) -> Iterable[int]:
    """Return where tiles start, evenly spaced, so that the last one ends at the picture's edge."""
    if tile >= length:
        return [0]
    stride = max(1, tile - overlap)
    count = math.ceil((length - tile) / stride) + 1
    return [round(number * (length - tile) / (count - 1)) for number in range(count)]
