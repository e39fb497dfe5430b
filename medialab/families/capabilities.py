"""Interfaces of the optional capabilities of a family, besides text to image.

If a family lacks one, `Family.require` refuses the work that needs it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from medialab.pixels.geometry import Box
from medialab.settings.control_units import ControlUnit

if TYPE_CHECKING:
    import torch
    from PIL import Image


class Noising(Protocol):
    """The addition of noise to a picture's latents, for tasks that start from one."""

    def noised(
        self, scheduler: Any, latents: "torch.Tensor", noise: "torch.Tensor", timesteps: Any
    ) -> "torch.Tensor":
        """Return latents with the noise of a timestep.

        Args:
            scheduler: The denoising's scheduler.
            latents: (n, c, h, w), scaled for the denoiser.
            noise: Of the same shape, standard normal.
            timesteps: The timesteps, one for each picture.
        """

    def alone(self, scheduler: Any, noise: "torch.Tensor") -> "torch.Tensor":
        """Return pure noise, scaled as the start of text to image."""

    def begin_with(self, scheduler: Any, first: "FirstNoise") -> None:
        """Replace the first addition of noise to a picture by `first`; later ones stay."""


# Makes the noisy latents that a denoising begins with, from the noise and from a function that adds
# a noise to the picture's latents as the schedule does.
FirstNoise = Callable[["torch.Tensor", "Callable[[torch.Tensor], torch.Tensor]"], "torch.Tensor"]


class Tiling(Protocol):
    """Denoising of large latents in tiles."""

    def in_tiles(
        self,
        pipeline: Any,
        boxes: Sequence[Box],
        overlap: int,
        reduction: int,
        on_tile: Callable[[], None],
    ) -> AbstractContextManager[None]:
        """Run the pipeline's denoiser and ControlNets tile by tile inside the `with` block.

        Args:
            pipeline: A diffusers pipeline.
            boxes: The tiles, in latents.
            overlap: The least overlap of neighbours, in latents, over which they are blended.
            reduction: The pixels a side that one latent stands for.
            on_tile: Called after each tile; may raise to stop.
        """


class Inpainting(Protocol):
    """The additional inputs of a denoiser made for inpainting."""

    def reading(
        self, denoiser: Any, mask: "torch.Tensor", latents: "torch.Tensor"
    ) -> AbstractContextManager[None]:
        """Add mask and latents to the denoiser's input inside the `with` block.

        Args:
            denoiser: The network, which is called with latents alone.
            mask: (1, 1, h, w), 1 where it paints and 0 elsewhere.
            latents: (1, c, h, w) of the picture with the masked part hidden.
        """


class ControlInputs(Protocol):
    """The inputs of pipelines with ControlNets."""

    def __call__(
        self, task: str, pictures: "Sequence[Image.Image]", units: Sequence[ControlUnit]
    ) -> dict[str, Any]:
        """Return a pipeline's inputs for its ControlNets.

        Args:
            task: The pipeline's task.
            pictures: The control images, 8-bit RGB, one for each unit.
            units: The units' settings.
        """
