"""What a denoising starts from, and what of a picture it must not change."""

from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.families.capabilities import Noising

if TYPE_CHECKING:
    import torch

    from medialab.diffusion.drawing import Drawing


class Kept(NamedTuple):
    """What a denoising must not change: the picture's latents where `mask` is below 1.

    `latents` (1, c, h, w); `mask` (1, 1, h, w) in [0, 1]. With `soft` a grey place is freed for its
    share of the last steps. Source: Levin and Fried, "Differential Diffusion".
    """

    latents: "torch.Tensor"
    mask: "torch.Tensor"
    soft: bool = False

    def painted(self, done: float) -> "torch.Tensor":
        """Return where it may be changed once `done` (0 to 1) of the steps are, as booleans."""
        freed_at = 1 - done if self.soft else 0.5
        return (self.mask >= freed_at) & (self.mask > 0)

    def restored(
        self, latents: "torch.Tensor", noising: Noising, pipeline: Any, step: int, seed: int
    ) -> "torch.Tensor":
        """Return latents with what is kept put back, as noisy as the next step expects it.

        Source: diffusers' StableDiffusionInpaintPipeline, which does so for denoisers that are not
        told what stays.

        Args:
            latents: After a step.
            noising: The family's.
            pipeline: The one that runs.
            step: The step's number, counted from 0.
            seed: Of the noise over what is kept.
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
    """Have the first noise come over the picture otherwise; what comes later is as ever.

    Source: A1111's "Noise multiplier for img2img"; the strength of 1 of diffusers'
    StableDiffusionInpaintPipeline.

    Args:
        noising: The family's.
        scheduler: This denoising's own.
        kept: What stays, if any.
        noise_multiplier: How strong the first noise is.
        forgets: Nothing of the picture is under the noise: the denoising begins as text to image
            does, but for what is kept.
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
    """Return empty latents (1, c, h, w) for a picture, so that nothing is encoded to be forgotten.

    `image` is a picture, or its latents already, which are left as they are.
    """
    import torch

    if isinstance(image, torch.Tensor):
        return image
    scale, channels = drawing.reduction, int(drawing.vae.config.latent_channels)
    shape = (1, channels, image.height // scale, image.width // scale)
    return torch.zeros(shape, dtype=drawing.dtype)


def is_picture(given: Any) -> bool:
    """Whether a pipeline that is given this brings it to latents itself."""
    import torch

    return given is not None and not isinstance(given, torch.Tensor)


def size_of(image: Any, reduction: int) -> tuple[int, int]:
    """Return width and height in pixels of a picture, or of what latents stand for."""
    if is_picture(image):
        width, height = image.size
        return width, height
    return image.shape[-1] * reduction, image.shape[-2] * reduction
