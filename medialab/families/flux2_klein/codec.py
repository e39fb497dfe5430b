"""Latents of Flux.2: patches of 2 × 2 of its VAE's, each channel brought to a deviation of 1.

Source: diffusers, Flux2KleinPipeline's `_encode_vae_image` and the end of its `__call__`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PATCH = 2  # of the VAE's latents a side


class PatchCodec:
    """The way between pixels and latents of 128 channels, 16 times smaller."""

    patch = PATCH

    def encode(self, vae: Any, pixels: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
        """Encode pixels (n, 3, h, w) in [-1, 1] to latents (n, 128, h / 16, w / 16)."""
        return scaled(vae, vae.encode(pixels).latent_dist.mode().to(dtype))

    def decode(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Decode latents (n, 128, h / 16, w / 16) to pixels in about [-1, 1]."""
        mean, deviation = _spread(vae, latents)
        pixels: torch.Tensor = vae.decode(out_of_patches(latents * deviation + mean))[0]
        return pixels


def scaled(vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
    """Return the VAE's latents (n, 32, 2h, 2w) as the transformer's, (n, 128, h, w)."""
    patches = in_patches(latents)
    mean, deviation = _spread(vae, patches)
    return (patches - mean) / deviation


def in_patches(latents: "torch.Tensor") -> "torch.Tensor":
    """Return latents (n, c, 2h, 2w) with each patch as channels: (n, 4c, h, w)."""
    import torch.nn.functional as F

    return F.pixel_unshuffle(latents, PATCH)


def out_of_patches(latents: "torch.Tensor") -> "torch.Tensor":
    """Return latents (n, 4c, h, w) with the channels of a patch as places: (n, c, 2h, 2w)."""
    import torch.nn.functional as F

    return F.pixel_shuffle(latents, PATCH)


def _spread(vae: Any, like: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return mean and deviation of each channel, (1, 128, 1, 1), as training measured them."""
    import torch

    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(like.device, like.dtype)
    variance = vae.bn.running_var.view(1, -1, 1, 1)
    deviation = torch.sqrt(variance + vae.config.batch_norm_eps)
    return mean, deviation.to(like.device, like.dtype)
