"""The working memory of Z-Image's transformer, estimated from its config."""

from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families.needs import Widths
from medialab.families.opening import Listed
from medialab.families.z_image.denoiser import PLACES
from medialab.files.part_configs import read_json

# Maps of (tokens, width) in memory at the peak: 20.5 to 22.3, measured in float32 at widths 768 and
# 1536, at 768 and 1024 px, for one row and for two.
_MAPS = 22
# The widths of the published checkpoints: 3840 for a token, and the VAE of Flux.1.
_USUAL = Widths(3840 // PLACES, 128)


class TransformerNeeds:
    """The memory that the transformer needs besides its weights.

    torch's attention never holds the whole matrix, so the need is linear in the latents' area.
    """

    def widths(self, info: Listed) -> Widths:
        """Return the widths in the configs, or the usual ones if they lack them."""
        try:
            dim = read_json(info.path / "transformer" / "config.json").get("dim")
            return Widths(
                dim // PLACES if isinstance(dim, int) else _USUAL.denoiser, _vae_width(info.path)
            )
        except ModelRefusedError:  # opening the model reports the fault
            return _USUAL

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return the bytes that one step needs; arguments as in `Needs.denoising_bytes`."""
        return latents[0] * latents[1] * width * item_bytes * rows * _MAPS


def _vae_width(folder: Path) -> int:
    levels = read_json(folder / "vae" / "config.json").get("block_out_channels")
    is_told = isinstance(levels, list) and levels and isinstance(levels[0], int)
    return levels[0] if is_told and levels else _USUAL.vae
