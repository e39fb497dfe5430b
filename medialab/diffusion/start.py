"""The start of a denoising: first noise, blank latents, and the area to preserve."""

from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.families.capabilities import Noising

if TYPE_CHECKING:
    import torch

    from medialab.diffusion.drawing import Drawing


class Kept(NamedTuple):
    """The area of a picture that a denoising preserves: where `mask` is below 1.

    Source: Levin and Fried, "Differential Diffusion".

    Attributes:
        latents: (1, c, h, w), the picture's.
        mask: (1, 1, h, w) in [0, 1]; 1 is free to change.
        soft: Whether a value between is preserved first, and free for its share of the last steps.
            Otherwise values from 0.5 on are free.
    """

    latents: "torch.Tensor"
    mask: "torch.Tensor"
    soft: bool = False

    def painted(self, done: float) -> "torch.Tensor":
        """Return the free area, boolean (1, 1, h, w), after the share `done` (0 to 1) of steps."""
        freed_at = 1 - done if self.soft else 0.5
        return (self.mask >= freed_at) & (self.mask > 0)

    def restored(
        self, latents: "torch.Tensor", noising: Noising, pipeline: Any, step: int, seed: int
    ) -> "torch.Tensor":
        """Return latents with the preserved area restored, at the next step's noise level.

        Source: diffusers' StableDiffusionInpaintPipeline, for denoisers without an inpainting
        input.

        Args:
            latents: (1, c, h, w), after a step.
            noising: The family's.
            pipeline: The running pipeline.
            step: The step's number, counted from 0.
            seed: The seed of the noise over the preserved area.
        """
        import torch

        timesteps = pipeline.scheduler.timesteps
        timesteps = timesteps[len(timesteps) - pipeline.num_timesteps :]
        original = self.latents
        if step + 1 < len(timesteps):
            generator = torch.Generator("cpu").manual_seed(seed)
            noise = torch.randn(latents.shape, generator=generator).to(latents)
            following = timesteps[step + 1 : step + 2]
            original = noising.noised(pipeline.scheduler, original, noise, following)
        painted = self.painted((step + 1) / len(timesteps))
        return torch.where(painted, latents, original.to(latents))


def begin_over_picture(
    noising: Noising, scheduler: Any, kept: Kept | None, noise_multiplier: float, *, forgets: bool
) -> None:
    """Change how the scheduler adds the first noise to a picture; later noise stays the same.

    Source: A1111's "Noise multiplier for img2img"; the strength of 1 of diffusers'
    StableDiffusionInpaintPipeline.

    Args:
        noising: The family's.
        scheduler: This denoising's own.
        kept: The area to preserve, if any.
        noise_multiplier: A factor of the first noise.
        forgets: Start from noise alone, as text to image does, except in the preserved area.
    """
    import torch

    def first(noise: "torch.Tensor", over: Any) -> Any:
        noise = noise * noise_multiplier
        over_picture = over(noise)
        if not forgets:
            return over_picture
        alone = noising.alone(scheduler, noise)
        return alone if kept is None else torch.where(kept.painted(0), alone, over_picture)

    noising.begin_with(scheduler, first)


def blank(drawing: "Drawing", image: Any) -> "torch.Tensor":
    """Return zero latents (1, c, h, w) for a picture that strength 1 replaces, to save an encode.

    Args:
        drawing: The checkpoint, whose latents give the shape.
        image: A picture, or its latents, which are returned as they are.
    """
    import torch

    if isinstance(image, torch.Tensor):
        return image
    scale, channels = drawing.reduction, drawing.family.latents.channels
    shape = (1, channels, image.height // scale, image.width // scale)
    return torch.zeros(shape, dtype=drawing.dtype)


def is_picture(given: Any) -> bool:
    """Return whether a pipeline's input is a picture, which the pipeline encodes itself."""
    import torch

    return given is not None and not isinstance(given, torch.Tensor)


def size_of(image: Any, reduction: int) -> tuple[int, int]:
    """Return the width and height in pixels of a picture, or of the picture of its latents.

    Args:
        image: A PIL picture, or latents (n, c, h, w).
        reduction: How many pixels a side one latent stands for.
    """
    if is_picture(image):
        width, height = image.size
        return width, height
    return image.shape[-1] * reduction, image.shape[-2] * reduction
