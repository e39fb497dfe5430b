"""Denoisers made for inpainting: besides the latents they read where to paint, and what stays.

A mask and the latents of the picture with the masked part hidden, 1 and 4 channels, join the 4 that
are denoised. Where a whole picture is drawn, all of it is masked, as A1111 does.
Source: diffusers' StableDiffusionInpaintPipeline, `prepare_mask_latents`; A1111's
modules/processing.py, txt2img_image_conditioning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.latents import encode_image, latent_mask
from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing

_PAINTED = 128  # grey of a mask from which on a place is hidden


class Masked(NamedTuple):
    """What such a denoiser is told: (1, 1, h, w) of 0 and 1, and (1, 4, h, w) of latents."""

    mask: "torch.Tensor"
    latents: "torch.Tensor"


def masked_picture(drawing: "Drawing", image: "Image.Image", mask: "Image.Image") -> Masked:
    """A picture, and where it is painted (255 = paint), as the denoiser reads them; same sizes."""
    hidden = mask.convert("L").point(lambda grey: 255 if grey >= _PAINTED else 0)
    latents = encode_image(drawing, image, hidden=hidden)
    return Masked(latent_mask(hidden, latents), latents)


def all_masked(drawing: "Drawing", size: tuple[int, int]) -> Masked:
    """A picture of that size (width, height in pixels) of which everything is painted."""
    from PIL import Image

    return masked_picture(drawing, Image.new("RGB", size), Image.new("L", size, 255))


@contextmanager
def reading(unet: Any, masked: Masked) -> Iterator[None]:
    """While it lasts, the denoiser takes latents of 4 channels, and reads `masked` besides.

    What is smaller, such as a tile, is told its size of the upper left; a tile is only drawn where
    all is masked.
    """
    import torch

    forward = unet.forward

    def told(sample: "torch.Tensor", *args: Any, **inputs: Any) -> Any:
        high, wide = sample.shape[-2:]
        more = (
            part[..., :high, :wide].to(sample).expand(sample.shape[0], -1, -1, -1)
            for part in masked
        )
        return forward(torch.cat([sample, *more], dim=1), *args, **inputs)

    with computing_by(unet, told):
        yield
