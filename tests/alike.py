"""Comparing pictures of equal weights, which a file maps to one place and a copy has in another."""

from functools import cache

import torch
from PIL import ImageChops

_ADDRESS = 64  # bytes; weights mapped from a file begin anywhere, fresh ones at a multiple of this


def are_alike(one, other):
    """Say whether two pictures are equal, but for a level of grey where the processor makes it."""
    if one.tobytes() == other.tobytes():
        return True
    if not the_place_of_weights_counts() or one.size != other.size:
        return False
    return max(high for _, high in ImageChops.difference(one, other).getextrema()) <= 1


@cache
def the_place_of_weights_counts():
    """Whether a row by a matrix has other last bits here where the matrix begins elsewhere."""
    generator = torch.Generator().manual_seed(0)
    row, weights = (torch.randn(size, 64, generator=generator) for size in (1, 64))
    return not torch.equal(row @ weights.T, row @ _moved(weights).T)


def _moved(weights):
    """A copy that begins 40 bytes after a multiple of 64."""
    room = torch.empty(weights.numel() + 2 * _ADDRESS)
    first = (-(room.data_ptr() // 4)) % (_ADDRESS // 4) + 10
    moved = room[first : first + weights.numel()].view_as(weights)
    moved.copy_(weights)
    return moved
