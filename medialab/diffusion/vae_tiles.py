"""A VAE that works in overlapping tiles for a while, blended; they can be seen faintly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SETTINGS = ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")
LEAST = 8  # latents a side


@contextmanager
def vae_in_tiles(vae: Any, side: int) -> Iterator[None]:
    """While it lasts, pictures larger than a tile are encoded and decoded in tiles.

    Args:
        vae: One of diffusers' that know tiles; its settings are put back afterwards.
        side: Of a tile, in pixels, but never less than LEAST latents.
    """
    before = {name: getattr(vae, name) for name in _SETTINGS}
    reduction = 2 ** (len(vae.config.block_out_channels) - 1)
    vae.use_tiling = True
    vae.tile_sample_min_size = max(side, LEAST * reduction)
    vae.tile_latent_min_size = vae.tile_sample_min_size // reduction
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)
