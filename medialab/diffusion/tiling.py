"""Tiled denoising of large latents, in which size costs time and not memory.

The family gives the denoiser its tiles (`medialab.families.capabilities.Tiling`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.diffusion.vae_tiles import tile_side, vae_in_tiles
from medialab.families.base import Family
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import tiles

# The number of pixels from which a VAE works in tiles of its own: decoding 1536² takes about 10 GB.
LARGE = 1536 * 1536
VAE_TILE = 1024  # pixels a side, of which a quarter overlaps


@dataclass(frozen=True)
class Tiles:
    """A division of latents into overlapping tiles.

    Attributes:
        width: Of all latents; sizes here are in latents, not pixels.
        height: Of all latents.
        size: The side of a tile.
        overlap: The least overlap of neighbouring tiles.
        reduction: How many pixels a side one latent stands for.
        on_tile: Called with (done, all), counted over all steps; may raise to stop.
    """

    width: int
    height: int
    size: int
    overlap: int
    reduction: int
    on_tile: Callable[[int, int], None]

    @property
    def boxes(self) -> list[Box]:
        """The tiles, row by row."""
        return tiles(self.width, self.height, self.size, self.shared)

    @property
    def shared(self) -> int:
        """The overlap, at most half a tile."""
        return min(self.overlap, self.size // 2)

    @property
    def as_record(self) -> dict[str, Any]:
        """The tiles as the record describes them, in pixels."""
        return {
            "count": len(self.boxes),
            "tile": self.size * self.reduction,
            "overlap": self.shared * self.reduction,
        }


@contextmanager
def in_tiles(family: Family, pipeline: Any, wanted: Tiles) -> Iterator[None]:
    """Run the pipeline's denoiser and ControlNets tile by tile inside the `with` block.

    A single tile that covers all latents changes nothing.

    Raises:
        ModelRefusedError: the family cannot draw in tiles.
    """
    boxes = wanted.boxes
    if len(boxes) == 1:
        yield
        return
    tiling = family.require(family.tiling, "drawing in tiles")
    done = 0

    def on_tile() -> None:
        nonlocal done
        done += 1
        wanted.on_tile(done, len(boxes) * int(pipeline.num_timesteps))

    with tiling.in_tiles(pipeline, boxes, wanted.shared, wanted.reduction, on_tile):
        yield


@contextmanager
def vae_for(vae: Any, width: int, height: int) -> Iterator[None]:
    """Let the VAE work in blended tiles inside the `with` block if the size in pixels is large."""
    if width * height < LARGE:
        yield
        return
    # The fewer tiles, the less their colours differ.
    with vae_in_tiles(vae, max(tile_side(vae), VAE_TILE)):
        yield
