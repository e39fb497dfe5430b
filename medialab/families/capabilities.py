"""Interfaces of a family's latents, and of its optional capabilities besides text to image.

If a family lacks an optional one, `Family.require` refuses the work that needs it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from medialab.pixels.geometry import Box
from medialab.settings.control_units import ControlUnit
from medialab.settings.steps import Plan

if TYPE_CHECKING:
    import torch
    from PIL import Image


class LatentCodec(Protocol):
    """The way between pixels and a family's latents, by a VAE that is in memory."""

    @property
    def patch(self) -> int:
        """The VAE's latents a side that one of the denoiser's latents stands for, such as 1."""

    def encode(self, vae: Any, pixels: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
        """Encode pixels (n, 3, h, w) in [-1, 1] to latents (n, c, h, w), scaled for the denoiser.

        Args:
            vae: The VAE's network.
            pixels: In its dtype and on its device.
            dtype: The latents' dtype, in which they are scaled.
        """

    def decode(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Decode latents (n, c, h, w), scaled for the denoiser, to pixels in about [-1, 1].

        Args:
            vae: The VAE's network.
            latents: In its dtype and on its device.
        """


class Packing(Protocol):
    """The form, other than (1, c, h, w), in which pipelines pass latents to their callback."""

    @property
    def takes_packed(self) -> bool:
        """Whether the pipelines' input `latents` has that form, too."""

    def packed(self, latents: "torch.Tensor") -> "torch.Tensor":
        """Return latents (1, c, h, w) in the pipelines' form."""

    def unpacked(self, tokens: "torch.Tensor", size: tuple[int, int]) -> "torch.Tensor":
        """Return latents of the pipelines' form as (1, c, h, w).

        Args:
            tokens: As the pipeline passes them to its callback.
            size: Their height and width, in latents.
        """


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

    def strength(self, steps: Plan) -> float:
        """Return the strength with which the family's pipelines run just the planned steps."""

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


class Editing(Protocol):
    """Editing by an instruction: the denoiser reads one picture or several beside the prompt."""

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants of the checkpoints that edit."""

    @property
    def editions(self) -> tuple[str, ...]:
        """The editions of the checkpoints that edit; none for all."""

    @property
    def most(self) -> int:
        """The most pictures that are read, the start picture included."""

    @property
    def fewer(self) -> Mapping[str, int]:
        """The same of editions that read fewer."""

    @property
    def reads_scale(self) -> bool:
        """Whether `image_guidance_scale` has an effect."""

    def why_not(self, size: tuple[int, int]) -> str:
        """Return why a picture of that width and height cannot be read; "" if it can."""

    def read_area(self, size: tuple[int, int]) -> int:
        """Return the area in pixels of which the denoiser reads latents beside those it draws.

        Args:
            size: A picture's width and height in pixels.
        """

    def inputs(
        self, pictures: "Sequence[Image.Image]", image_guidance_scale: float
    ) -> dict[str, Any]:
        """Return a pipeline's inputs, besides the size.

        Args:
            pictures: All that are read, 8-bit RGB; the first is the start picture, in whole blocks.
            image_guidance_scale: How closely to follow the start picture.
        """


class Followed(NamedTuple):
    """A ControlNet that is followed.

    Attributes:
        network: The ControlNet.
        latents: (1, c, h, w), its control image's, scaled for the denoiser.
        unit: The settings.
    """

    network: Any
    latents: "torch.Tensor"
    unit: ControlUnit


class ControlFollowing(Protocol):
    """The following of ControlNets by the denoiser itself, in pipelines that know none."""

    def following(
        self, pipeline: Any, denoiser: Any, controls: Sequence[Followed]
    ) -> AbstractContextManager[None]:
        """Let the denoiser follow ControlNets inside the `with` block, whatever the task.

        Args:
            pipeline: The pipeline that is going to run.
            denoiser: Its denoiser.
            controls: The ControlNets.
        """
