"""A VAE in overlapping, blended tiles, whose borders may be faintly visible."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

LEAST = 8  # latents a side


def tile_side(vae: Any) -> int:
    """Return the side in pixels of the tiles that a VAE works in, or would work in."""
    of_images = getattr(vae, "tile_sample_min_size", None)
    return int(vae.tile_sample_min_height if of_images is None else of_images)


@contextmanager
def vae_in_tiles(vae: Any, side: int) -> Iterator[None]:
    """Encode and decode pictures larger than a tile in tiles, inside the `with` block.

    Args:
        vae: A diffusers VAE that supports tiling; its settings are restored afterwards.
        side: The side of a tile in pixels; LEAST latents are the minimum.
    """
    reduction = _reduction(vae)
    wanted = {"use_tiling": True, **_sizes(vae, max(side, LEAST * reduction), reduction)}
    before = {name: getattr(vae, name) for name in wanted}
    try:
        _set(vae, wanted)
        yield
    finally:
        _set(vae, before)


def _sizes(vae: Any, side: int, reduction: int) -> dict[str, int]:
    """Return the settings of tiles with this side in pixels, by the names that the VAE has."""
    if hasattr(vae, "tile_sample_min_size"):
        return {"tile_sample_min_size": side, "tile_latent_min_size": side // reduction}
    # VAEs made for videos, too. Neighbours share a quarter of a tile, as by their defaults.
    stride = side * 3 // 4
    return {
        **dict.fromkeys(("tile_sample_min_height", "tile_sample_min_width"), side),
        **dict.fromkeys(("tile_sample_stride_height", "tile_sample_stride_width"), stride),
    }


def _reduction(vae: Any) -> int:
    """Return how many pixels a side one latent of the VAE stands for."""
    levels = vae.config.get("block_out_channels")
    return 2 ** (len(levels) - 1) if levels else int(vae.spatial_compression_ratio)


def _set(vae: Any, settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        setattr(vae, name, value)
