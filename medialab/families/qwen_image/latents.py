"""The latents of Qwen-Image, whose VAE is made for videos: a picture is the only frame."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FrameLatents:
    """Latents of a VAE for videos, normalised by its config's mean and deviation of each channel.

    Source: diffusers, QwenImageImg2ImgPipeline's `_encode_vae_image` and the end of its `__call__`,
    whose order of sums and products is followed, so that the bytes are the same.

    Attributes:
        patch: The VAE's latents a side that one of the denoiser's stands for: always 1.
    """

    patch: int = 1

    def encode(self, vae: Any, pixels: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
        """Encode pixels (n, 3, h, w) in [-1, 1] to latents (n, c, h, w), scaled for the denoiser.

        Args and Returns: as `LatentCodec.encode`.
        """
        latents = vae.encode(pixels[:, :, None]).latent_dist.mode()[:, :, 0].to(dtype)
        mean, inverse = _spread(vae, latents)
        scaled: torch.Tensor = (latents - mean) * inverse
        return scaled

    def decode(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Decode latents (n, c, h, w), scaled for the denoiser, to pixels (n, 3, h, w)."""
        mean, inverse = _spread(vae, latents)
        pixels: torch.Tensor = vae.decode((latents / inverse + mean)[:, :, None])[0]
        return pixels[:, :, 0]


def _spread(vae: Any, like: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return each channel's mean, and 1 by its deviation: (1, c, 1, 1), as `like`."""
    import torch

    mean, deviation = (torch.tensor(vae.config[f"latents_{name}"]) for name in ("mean", "std"))
    return mean.view(1, -1, 1, 1).to(like), (1.0 / deviation).view(1, -1, 1, 1).to(like)
