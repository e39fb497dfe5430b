"""How much memory Z-Image's transformer takes while it computes, worked out from its config."""

from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families.needs import Widths
from medialab.families.opening import Listed
from medialab.families.z_image.denoiser import PLACES
from medialab.files.part_configs import read_json

# Maps of (tokens, width) that are alive at the worst moment: 20.5 to 22.3, measured in float32 at
# widths 768 and 1536, at 768 and 1024 px, for one row and for two.
_MAPS = 22
# Those of the published checkpoints: 3840 numbers a token, and the VAE of Flux.1.
_USUAL = Widths(3840 // PLACES, 128)


class TransformerNeeds:
    """What the transformer needs besides its weights; attention never holds its whole matrix."""

    def widths(self, info: Listed) -> Widths:
        """Return what the configs tell; the usual widths where they do not."""
        try:
            dim = read_json(info.path / "transformer" / "config.json").get("dim")
            return Widths(
                dim // PLACES if isinstance(dim, int) else _USUAL.denoiser, _vae_width(info.path)
            )
        except ModelRefusedError:  # whoever opens it says what is wrong
            return _USUAL

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return what a step takes for latents of that size; `rows` are its prompts."""
        return latents[0] * latents[1] * width * item_bytes * rows * _MAPS


def _vae_width(folder: Path) -> int:
    levels = read_json(folder / "vae" / "config.json").get("block_out_channels")
    is_told = isinstance(levels, list) and levels and isinstance(levels[0], int)
    return levels[0] if is_told and levels else _USUAL.vae
