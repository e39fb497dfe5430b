"""The working memory of a UNet, estimated from a header or configs.

The factor was measured (docs/performance.md).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families.needs import Widths
from medialab.families.opening import Listed
from medialab.files.headers import read_header
from medialab.files.part_configs import read_json

# Maps of (first layer's channels, height, width) in memory at the peak: 35 to 37 for one row of a
# UNet's batch of SD1.5 in float32, at 512 to 896 px.
_MAPS = 37
# The widths of SD1.5, SD2 and SDXL; most others are similar.
_USUAL = Widths(320, 128)
_FIRST_LAYERS = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "first_stage_model.encoder.conv_in.weight",
)
_PARTS = ("unet", "vae")


@dataclass(frozen=True)
class UNetNeeds:
    """The memory that a UNet needs besides its weights."""

    def widths(self, info: Listed) -> Widths:
        """Return the widths in the header or the configs, or the usual ones if both lack them."""
        return _widths(info)

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return the bytes that one step needs; arguments as in `Needs.denoising_bytes`."""
        return latents[0] * latents[1] * width * item_bytes * rows * _MAPS


@lru_cache(256)  # a header is some 300 kB, and each run asks
def _widths(info: Listed) -> Widths:
    path = info.path
    try:
        if path.is_file():
            shapes = read_header(path).shapes
            told = [shapes.get(name, (0,))[0] for name in _FIRST_LAYERS]
        else:
            told = [_first_width(path / part / "config.json") for part in _PARTS]
    except ModelRefusedError:  # opening the model reports the fault
        return _USUAL
    return Widths(*(one or usual for one, usual in zip(told, _USUAL, strict=True)))


def _first_width(config: Path) -> int:
    levels = read_json(config).get("block_out_channels") if config.is_file() else None
    is_told = isinstance(levels, list) and levels and isinstance(levels[0], int)
    return levels[0] if is_told and levels else 0
