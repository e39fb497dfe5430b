"""A VAE in overlapping, blended tiles, whose borders may be faintly visible."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SETTINGS = ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")
LEAST = 8  # latents a side


@contextmanager
def vae_in_tiles(vae: Any, side: int) -> Iterator[None]:
    """Encode and decode pictures larger than a tile in tiles, inside the `with` block.

    Args:
        vae: A diffusers VAE that supports tiling; its settings are restored afterwards.
        side: The side of a tile in pixels; LEAST latents are the minimum.
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
