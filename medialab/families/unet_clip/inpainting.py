"""UNets made for inpainting, which read a mask and the masked picture beside the latents.

Both are concatenated to the latents as channels.
Source: diffusers' StableDiffusionInpaintPipeline, `prepare_mask_latents`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch


class UNetInpainting:
    """The additional inputs of a UNet made for inpainting."""

    @contextmanager
    def reading(
        self, denoiser: Any, mask: "torch.Tensor", latents: "torch.Tensor"
    ) -> Iterator[None]:
        """Add mask and latents to the UNet's input inside the `with` block.

        Smaller latents, such as a tile's, get the upper left part; tiles are used only if
        everything is masked.

        Args:
            denoiser: The UNet, which is called with latents alone.
            mask: (1, 1, h, w), 1 where it paints and 0 elsewhere.
            latents: (1, c, h, w) of the picture with the masked part hidden.
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
