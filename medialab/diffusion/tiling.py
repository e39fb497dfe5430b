"""Large latents denoised tile by tile, so that size costs time and not memory.

How a denoiser sees its tiles is the family's (`medialab.families.capabilities.Tiling`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.diffusion.vae_tiles import vae_in_tiles
from medialab.families.base import Family
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import tiles

# Pixels from which on a VAE works in tiles of its own: decoding 1536² takes about 10 GB.
LARGE = 1536 * 1536
VAE_TILE = 1024  # pixels a side, of which a quarter is shared


@dataclass(frozen=True)
class Tiles:
    """Tiles of latents of `width` x `height`, `size` a side, that share at least `overlap`.

    One of the latents stands for `reduction` pixels a side. `on_tile(done, all)` counts through all
    steps, and may raise to stop.
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
        """Return the tiles as the record tells of them, in pixels."""
        return {
            "count": len(self.boxes),
            "tile": self.size * self.reduction,
            "overlap": self.shared * self.reduction,
        }


@contextmanager
def in_tiles(family: Family, pipeline: Any, wanted: Tiles) -> Iterator[None]:
    """While it lasts, the pipeline's denoiser and ControlNets work tile by tile.

    One tile that covers all changes nothing.
    """
    boxes = wanted.boxes
    if len(boxes) == 1:
        yield
        return
    tiling = family.offered(family.tiling, "drawing in tiles")
    done = 0

    def on_tile() -> None:
        nonlocal done
        done += 1
        wanted.on_tile(done, len(boxes) * int(pipeline.num_timesteps))

    with tiling.in_tiles(pipeline, boxes, wanted.shared, wanted.reduction, on_tile):
        yield


@contextmanager
def vae_for(vae: Any, width: int, height: int) -> Iterator[None]:
    """While it lasts, the VAE takes pictures of that size; large ones in blended tiles."""
    if width * height < LARGE:
        yield
        return
    # The fewer tiles, the less their colours differ.
    with vae_in_tiles(vae, max(vae.tile_sample_min_size, VAE_TILE)):
        yield
