"""UNets made for inpainting: besides the latents they read where to paint, and what stays.

A mask and the latents of the picture with the masked part hidden join those that are denoised.
Source: diffusers' StableDiffusionInpaintPipeline, `prepare_mask_latents`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch


class UNetInpainting:
    """How a UNet made for inpainting is told where to paint and what stays."""

    @contextmanager
    def reading(
        self, denoiser: Any, mask: "torch.Tensor", latents: "torch.Tensor"
    ) -> Iterator[None]:
        """Have the UNet take latents alone, and read mask and latents besides, while it lasts.

        What is smaller, such as a tile, is told its size of the upper left; a tile is only drawn
        where all is masked.
        """
        import torch

        forward = denoiser.forward

        def told(sample: "torch.Tensor", *args: Any, **inputs: Any) -> Any:
            high, wide = sample.shape[-2:]
            more = (
                part[..., :high, :wide].to(sample).expand(sample.shape[0], -1, -1, -1)
                for part in (mask, latents)
            )
            return forward(torch.cat([sample, *more], dim=1), *args, **inputs)

        with computing_by(denoiser, told):
            yield


INPAINTING = UNetInpainting()
