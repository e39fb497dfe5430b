"""Denoisers made for inpainting, which read a mask and the masked picture beside the latents.

If a whole picture is drawn, all of it is masked.
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

_PAINTED = 128  # the lowest grey level of a mask that counts as masked


class Masked(NamedTuple):
    """The additional input of an inpainting denoiser.

    Attributes:
        mask: (1, 1, h, w), 1 where it paints and 0 elsewhere.
        latents: (1, c, h, w), the latents of the picture with its masked part hidden.
    """

    mask: "torch.Tensor"
    latents: "torch.Tensor"


def masked_picture(drawing: "Drawing", image: "Image.Image", mask: "Image.Image") -> Masked:
    """Return the denoiser's additional input for a picture and a mask of its size (255 = paint)."""
    hidden = mask.convert("L").point(lambda grey: 255 if grey >= _PAINTED else 0)
    latents = encode_image(drawing, image, hidden=hidden)
    return Masked(latent_mask(hidden, latents), latents)


def all_masked(drawing: "Drawing", size: tuple[int, int]) -> Masked:
    """Return the additional input of a fully masked picture of that width and height in pixels."""
    from PIL import Image

    return masked_picture(drawing, Image.new("RGB", size), Image.new("L", size, 255))


def reading(family: Family, denoiser: Any, masked: Masked) -> AbstractContextManager[None]:
    """Return a context in which the denoiser is called with latents alone and reads `masked` too.

    Smaller latents, such as a tile's, get the upper left part of `masked`; tiles are used only if
    everything is masked.

    Raises:
        ModelRefusedError: the family has no denoisers made for inpainting.
    """
    inpainting = family.require(family.inpainting, "a denoiser made for inpainting")
    return inpainting.reading(denoiser, masked.mask, masked.latents)
