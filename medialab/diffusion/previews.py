"""Previews of unfinished latents by a small matrix instead of the VAE."""

from typing import TYPE_CHECKING, Any

from medialab.families.capabilities import LatentCodec

if TYPE_CHECKING:
    import torch
    from PIL import Image

# The most time that previews take, as a share of the steps'; and seconds between two of them.
MOST_SHARE, _PAUSE = 0.05, 0.25
_SIZE = 128  # pixels a side of the calibration picture, if that gives enough latents
_ENOUGH = 2  # latents of that picture for each of their channels


class Pace:
    """The pace of previews: a few a second, and a small share of the time that steps take.

    More than a few would only fill a browser's queue. Where drawing one takes long, as on a busy
    machine or with many small steps, fewer are drawn. Pictures that are drawn at once share a pace:
    after a step either each of them has a preview, in its turn, or none has.

    Args:
        pictures: How many pictures share it.
    """

    def __init__(self, pictures: int = 1) -> None:
        self._pause = _PAUSE * pictures
        self._shown: float | None = None
        self._cost = 0.0
        self._is_shown = False

    def is_due(self, now: float, place: int = 1) -> bool:
        """Return whether a preview may be drawn now.

        Args:
            now: Seconds of a clock that never goes back.
            place: Of the picture among those that share the pace, from 1; the first one's turn
                decides for all.
        """
        if place == 1:
            pause = max(self._pause, self._cost / MOST_SHARE)
            self._is_shown = self._shown is None or now - self._shown >= pause
            if self._is_shown:
                self._shown, self._cost = now, 0.0
        return self._is_shown

    def took(self, seconds: float) -> None:
        """Note how long a preview took: drawn, and shown by whoever looks at it."""
        self._cost += seconds

    def leave_out(self, seconds: float) -> None:
        """Note a part of that time that does not count: the map is fitted once for each VAE."""
        self._cost -= seconds


class LatentPreview:
    """A linear map from latents (1, c, h, w) to colours, in under a millisecond.

    The map is fitted once per VAE, by least squares on one calibration picture, so no family needs
    a matrix of its own. Cost: one encode of 128 × 128 pixels when constructed; up to four times as
    many for latents of many channels.

    Args:
        vae: The VAE's network.
        codec: The family's.
    """

    def __init__(self, vae: Any, codec: LatentCodec) -> None:
        import torch

        with torch.inference_mode():
            side = _SIZE
            wanted, latents = _calibrated(vae, codec, side)
            if latents[0, 0].numel() < _ENOUGH * latents.shape[1]:
                side = 2 * _SIZE
                wanted, latents = _calibrated(vae, codec, side)
            colours = torch.nn.functional.interpolate(wanted, size=latents.shape[-2:], mode="area")
            rows = latents[0].flatten(1).T
            rows = torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
            # Some VAEs compute NaN in half precision: then there is no preview, and no error.
            self.can_draw = bool(torch.isfinite(rows).all())
            rows = torch.nan_to_num(rows)
            # A pseudo-inverse, so that a constant channel does not make the fit explode.
            self.matrix = torch.linalg.pinv(rows, rcond=1e-3) @ colours[0].flatten(1).T
        self.enlarge = side // latents.shape[-1]

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


def _calibrated(vae: Any, codec: LatentCodec, side: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the calibration picture of that side in pixels, and its latents in float32."""
    wanted = _calibration_picture(side)
    latents = codec.encode(vae, wanted.to(vae.device, vae.dtype), vae.dtype)
    return wanted, latents.float().cpu()


def _calibration_picture(side: int) -> "torch.Tensor":
    """Return (1, 3, side, side) in [-1, 1]: patches of 16 px in seeded random colours."""
    import torch

    patches = torch.rand(1, 3, side // 16, side // 16, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(patches, scale_factor=16, mode="nearest") * 2 - 1
