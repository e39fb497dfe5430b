"""Pictures that a VAE has encoded: each is encoded once, as long as the VAE is loaded.

A start picture is the same for each strength, seed and prompt that is tried with it. What the VAE
returns is a distribution, from which a pipeline draws with its own generator, so that the bytes of
a picture are the same with and without this.
"""

import hashlib
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.process.retries import is_finite

if TYPE_CHECKING:
    import torch
    from zict import LRU

    from medialab.diffusion.drawing import Drawing

# Room for a thousand pictures of 512 × 512 pixels, for 60 of 2048 × 2048.
CACHE_BYTES = 64 * 2**20
# Switches of a VAE that change its last bits.
_TILING = (
    *("use_tiling", "use_slicing", "tile_sample_min_size", "tile_sample_min_height"),
    *("tile_sample_min_width", "tile_overlap_factor"),
)


@contextmanager
def encoding_once(drawing: "Drawing") -> Iterator[None]:
    """Let the drawing's VAE return what it has encoded before inside the `with` block."""
    vae, owner = drawing.vae, drawing.vae_owner
    encode, before = vae.encode, vars(vae).get("encode")

    def encoded(pixels: "torch.Tensor", *args: Any, **options: Any) -> Any:
        if args or options:
            return encode(pixels, *args, **options)
        pictures: LRU[Hashable, Any] = owner.cached("encoded pictures", encoded_pictures)
        key = _key(vae, pixels)
        found = pictures.get(key)
        if found is None:
            found = encode(pixels)
            if all(map(is_finite, _tensors_of(found))):
                pictures[key] = found
        return found

    vae.encode = encoded
    try:
        yield
    finally:
        if before is None:
            del vae.encode
        else:
            vae.encode = before


def encoded_pictures() -> "LRU[Hashable, Any]":
    """Return an empty cache of a VAE's results, which holds CACHE_BYTES at most."""
    from zict import LRU

    return LRU(CACHE_BYTES, {}, weight=lambda _key, found: _bytes_of(found))


def _key(vae: Any, pixels: "torch.Tensor") -> Hashable:
    """Return a key of all that decides the last bits: the pixels, their layout, the switches."""
    import torch

    content = pixels.detach().cpu().contiguous().view(torch.uint8).numpy()
    return (
        hashlib.sha256(content.data).digest(),
        (pixels.dtype, tuple(pixels.shape), pixels.stride(), str(pixels.device)),
        (vae.dtype, *(getattr(vae, name, None) for name in _TILING)),
        torch.get_num_threads(),
    )


def _tensors_of(found: Any) -> "list[torch.Tensor]":
    """Return a result's tensors, those of its distribution among them."""
    import torch

    parts = [*found.values()]
    parts += [inner for part in parts for inner in getattr(part, "__dict__", {}).values()]
    return [part for part in parts if isinstance(part, torch.Tensor)]


def _bytes_of(found: Any) -> int:
    return sum(part.nbytes for part in _tensors_of(found)) or CACHE_BYTES
