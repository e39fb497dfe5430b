"""What a family may be able to do besides text to image: interfaces, one each.

A family without one refuses what needs it by name (`Family.offered`).
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
    """How noise comes over a picture's latents, for tasks that start from one."""

    def noised(
        self, scheduler: Any, latents: "torch.Tensor", noise: "torch.Tensor", timesteps: Any
    ) -> "torch.Tensor":
        """Return latents under as much noise as there is at a timestep."""

    def alone(self, scheduler: Any, noise: "torch.Tensor") -> "torch.Tensor":
        """Return pure noise, as text to image begins with it."""

    def begin_with(self, scheduler: Any, first: "FirstNoise") -> None:
        """Have `first` make the first noise over a picture; what comes later is as ever."""


# The first noise over a picture: of its latents' noise, and of what puts a noise over the latents
# as the schedule says.
FirstNoise = Callable[["torch.Tensor", "Callable[[torch.Tensor], torch.Tensor]"], "torch.Tensor"]


class Tiling(Protocol):
    """How a denoiser sees large latents part by part."""

    def in_tiles(
        self,
        pipeline: Any,
        boxes: Sequence[Box],
        overlap: int,
        reduction: int,
        on_tile: Callable[[], None],
    ) -> AbstractContextManager[None]:
        """Have the pipeline's denoiser and ControlNets work box by box while it lasts.

        Args:
            pipeline: A diffusers pipeline.
            boxes: Parts of the latents, in their places.
            overlap: How many places neighbours share at least, over which one fades into the next.
            reduction: Pixels a side of a place.
            on_tile: Called after each; may raise to stop.
        """


class Inpainting(Protocol):
    """How a denoiser made for inpainting is told where to paint and what stays."""

    def reading(
        self, denoiser: Any, mask: "torch.Tensor", latents: "torch.Tensor"
    ) -> AbstractContextManager[None]:
        """Have the denoiser take latents alone, and read these two besides, while it lasts.

        Args:
            denoiser: The network.
            mask: (1, 1, h, w), 1 where it paints, 0 where not.
            latents: (1, c, h, w) of the picture with the masked part hidden.
        """


class ControlInputs(Protocol):
    """What pipelines that follow ControlNets are given."""

    def __call__(
        self, task: str, pictures: "Sequence[Image.Image]", units: Sequence[ControlUnit]
    ) -> dict[str, Any]:
        """Return the inputs of the units, each with what its ControlNet is shown."""
