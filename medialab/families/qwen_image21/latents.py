"""The latents of Qwen-Image 2.1, whose VAE reads and writes an alpha channel, too."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class OpaqueLatents:
    """Latents of a VAE for videos with alpha: pictures go in opaque, and come back without alpha.

    Source: diffusers, QwenImage21Pipeline's `_encode_vae_image` and the end of its `__call__`,
    whose order of sums and products is followed, so that the bytes are the same.

    Attributes:
        patch: The VAE's latents a side that one of the denoiser's stands for: always 1.
    """

    patch: int = 1

    def encode(self, vae: Any, pixels: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
        """Encode pixels (n, 3, h, w) in [-1, 1] to latents (n, c, h, w), scaled for the denoiser.

        Args and Returns: as `LatentCodec.encode`.
        """
        import torch

        opaque = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
        latents = vae.encode(opaque[:, :, None]).latent_dist.mode()[:, :, 0].to(dtype)
        mean, deviation = _spread(vae, latents)
        scaled: torch.Tensor = (latents - mean) / deviation
        return scaled

    def decode(self, vae: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Decode latents (n, c, h, w), scaled for the denoiser, to pixels (n, 3, h, w)."""
        mean, deviation = _spread(vae, latents)
        pixels: torch.Tensor = vae.decode((latents * deviation + mean)[:, :, None])[0]
        return pixels[:, :3, 0]


def _spread(vae: Any, like: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return mean and deviation of each channel: (1, c, 1, 1), as `like`."""
    import torch

    mean, deviation = (torch.tensor(vae.config[f"latents_{name}"]) for name in ("mean", "std"))
    return mean.view(1, -1, 1, 1).to(like), deviation.view(1, -1, 1, 1).to(like)
