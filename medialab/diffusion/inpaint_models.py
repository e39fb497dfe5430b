"""Denoisers made for inpainting: besides the latents they read where to paint, and what stays.

Where a whole picture is drawn, all of it is masked, as A1111 does.
Source: A1111's modules/processing.py, txt2img_image_conditioning.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.latents import encode_image, latent_mask
from medialab.families.base import Family

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing

_PAINTED = 128  # grey of a mask from which on a place is hidden


class Masked(NamedTuple):
    """What such a denoiser is told: (1, 1, h, w) of 0 and 1, and (1, c, h, w) of latents."""

    mask: "torch.Tensor"
    latents: "torch.Tensor"


def masked_picture(drawing: "Drawing", image: "Image.Image", mask: "Image.Image") -> Masked:
    """Return a picture, and a mask of its size (255 = paint), as the denoiser reads them."""
    hidden = mask.convert("L").point(lambda grey: 255 if grey >= _PAINTED else 0)
    latents = encode_image(drawing, image, hidden=hidden)
    return Masked(latent_mask(hidden, latents), latents)


def all_masked(drawing: "Drawing", size: tuple[int, int]) -> Masked:
    """Return a picture of that size (width, height in pixels) of which everything is painted."""
    from PIL import Image

    return masked_picture(drawing, Image.new("RGB", size), Image.new("L", size, 255))


def reading(family: Family, denoiser: Any, masked: Masked) -> AbstractContextManager[None]:
    """Have the denoiser take latents alone while it lasts, and read `masked` besides.

    What is smaller, such as a tile, is told its size of the upper left; a tile is only drawn where
    all is masked.
    """
    inpainting = family.offered(family.inpainting, "a denoiser made for inpainting")
    return inpainting.reading(denoiser, masked.mask, masked.latents)
