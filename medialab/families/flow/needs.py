"""The working memory of a flow-matching transformer, estimated from its config."""

import math
from dataclasses import dataclass
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families.flow.denoiser import PLACES, WIDTH
from medialab.families.needs import Widths
from medialab.families.opening import Listed
from medialab.files.part_configs import read_json


@dataclass(frozen=True, kw_only=True)
class FlowNeeds:
    """The memory that a transformer needs besides its weights.

    torch's attention never holds the whole matrix, so the need is linear in the latents' area.

    Attributes:
        maps: Maps of (tokens, width) in memory at the peak, for one row.
        usual: The widths of the published checkpoints: for each latent, and the VAE's first layer.
        width: The numbers in the transformer's config whose product is its width.
        places: The latents that one token stands for.
        vae_width: The name of the VAE's first width in its config, if it is not the first of
            `block_out_channels`.
        in_turns: Whether the pipelines ask for the prompts one after another, in one's memory.
    """

    maps: int
    usual: Widths
    width: tuple[str, ...] = WIDTH
    places: int = PLACES
    vae_width: str = ""
    in_turns: bool = False

    def widths(self, info: Listed) -> Widths:
        """Return the widths in the configs, or the usual ones if they lack them."""
        try:
            config = read_json(info.path / "transformer" / "config.json")
            found = [config.get(name) for name in self.width]
            numbers: list[int] = [one for one in found if isinstance(one, int)]
            told = len(numbers) == len(found)
            width = math.prod(numbers) // self.places if told else self.usual.denoiser
            return Widths(width, self._vae_width(info.path))
        except ModelRefusedError:  # opening the model reports the fault
            return self.usual

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return the bytes that one step needs; arguments as in `Needs.denoising_bytes`."""
        at_once = 1 if self.in_turns else rows
        return latents[0] * latents[1] * width * item_bytes * at_once * self.maps

    def _vae_width(self, folder: Path) -> int:
        config = read_json(folder / "vae" / "config.json")
        levels = config.get("block_out_channels")
        first = levels[0] if isinstance(levels, list) and levels else None
        told = config.get(self.vae_width) if self.vae_width else first
        return told if isinstance(told, int) else self.usual.vae
