"""The usual way between a VAE's latents and those of a denoiser: a scale from the VAE's config."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ScaledLatents:
    """Latents of a VAE, shifted and scaled as its config says.

    Attributes:
        patch: The VAE's latents a side that one of the denoiser's stands for: always 1.
    """

    patch: int = 1

    def encode(self, vae: Any, pixels: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
        """Encode pixels (n, 3, h, w) in [-1, 1] to latents (n, c, h, w), scaled for the denoiser.

        Source of the scale: diffusers, StableDiffusionXLImg2ImgPipeline's `prepare_latents`, which
        scales in the denoiser's dtype.
        """
        return self.scaled(vae, mode_of(vae, pixels).to(dtype))

    def decode(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Decode latents (n, c, h, w), scaled for the denoiser, to pixels in about [-1, 1].

        Source: diffusers, the end of StableDiffusionPipeline and StableDiffusionXLPipeline.
        """
        pixels: torch.Tensor = vae.decode(self.unscaled(vae, latents))[0]
        return pixels

    def scaled(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Scale latents of the VAE for the denoiser."""
        spread = _spread(vae, latents)
        scaling = float(vae.config.scaling_factor)
        if spread is not None:
            mean, std = spread
            return (latents - mean) * scaling / std
        return (latents - (vae.config.shift_factor or 0)) * scaling

    def unscaled(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Scale latents of the denoiser for the VAE."""
        scaling = vae.config.scaling_factor
        unscaled: torch.Tensor = latents / scaling
        if (spread := _spread(vae, latents)) is not None:
            mean, std = spread
            unscaled = latents * std / scaling + mean
        elif shift := vae.config.get("shift_factor"):
            unscaled = unscaled + shift
        return unscaled


def mode_of(vae: Any, pixels: "torch.Tensor") -> "torch.Tensor":
    """Encode pixels (n, 3, h, w) in [-1, 1] to the mode of the VAE's latents, not scaled.

    Source: diffusers, img2img pipelines' `retrieve_latents`; a tiny VAE returns no distribution.
    """
    found = vae.encode(pixels)
    latents: torch.Tensor = found.latents if "latents" in found else found.latent_dist.mode()
    return latents


def _spread(vae: Any, like: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor] | None":
    """Return mean and deviation of each channel, (1, c, 1, 1), if the VAE's config has them."""
    mean, std = vae.config.get("latents_mean"), vae.config.get("latents_std")
    if mean is None or std is None:
        return None
    return like.new_tensor(mean).view(1, -1, 1, 1), like.new_tensor(std).view(1, -1, 1, 1)


SCALED = ScaledLatents()
