"""Previews of unfinished latents by a small matrix instead of the VAE."""

from typing import TYPE_CHECKING, Any

from medialab.diffusion.latents import encoded, scaled_for_denoiser

if TYPE_CHECKING:
    import torch
    from PIL import Image

_SIZE = 128  # pixels a side of the calibration picture


class LatentPreview:
    """A linear map from latents (1, c, h, w) to colours, in under a millisecond.

    The map is fitted once per VAE, by least squares on one calibration picture, so no family needs
    a matrix of its own. Cost: one encode of 128 × 128 pixels when constructed.
    """

    def __init__(self, vae: Any) -> None:
        import torch

        wanted = _calibration_picture()
        with torch.inference_mode():
            written = encoded(vae, wanted.to(vae.device, vae.dtype))
            latents = scaled_for_denoiser(written, vae).float().cpu()
            colours = torch.nn.functional.interpolate(wanted, size=latents.shape[-2:], mode="area")
            rows = latents[0].flatten(1).T
            rows = torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
            # Some VAEs compute NaN in half precision: then there is no preview, and no error.
            self.can_draw = bool(torch.isfinite(rows).all())
            rows = torch.nan_to_num(rows)
            # A pseudo-inverse, so that a constant channel does not make the fit explode.
            self.matrix = torch.linalg.pinv(rows, rcond=1e-3) @ colours[0].flatten(1).T
        self.enlarge = _SIZE // latents.shape[-1]

    def draw(self, latents: "torch.Tensor") -> "Image.Image | None":
        """Return a preview of the first latents of the batch; None if no colours could be fitted.

        The preview is 8-bit RGB, about the size of the decoded picture.
        """
        if not self.can_draw:
            return None
        from PIL import Image

        colours = (
            latents[0].detach().float().cpu().permute(1, 2, 0) @ self.matrix[:-1] + self.matrix[-1]
        )
        levels = colours.clamp(-1, 1).add(1).mul(127.5).byte().numpy()
        height, width = levels.shape[:2]
        size = (width * self.enlarge, height * self.enlarge)
        return Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)


def _calibration_picture() -> "torch.Tensor":
    """Return (1, 3, 128, 128) in [-1, 1]: patches of 16 px in seeded random colours."""
    import torch

    patches = torch.rand(1, 3, _SIZE // 16, _SIZE // 16, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(patches, scale_factor=16, mode="nearest") * 2 - 1
