"""The working memory of Flux.2 Klein's transformer."""

from dataclasses import dataclass

from medialab.families.flow.needs import FlowNeeds
from medialab.families.needs import Widths


@dataclass(frozen=True, kw_only=True)
class KleinNeeds(FlowNeeds):
    """The memory that the transformer needs besides its weights."""

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return the bytes that one step needs; arguments as in `Needs.denoising_bytes`.

        Both prompts are computed one after the other: a second row adds only its prediction.
        """
        return latents[0] * latents[1] * width * item_bytes * (self.maps + rows - 1)


# Maps of (tokens, width): a single block has queries, keys, values, twice the 3 widths of its
# feed-forward layer, and its output. The usual widths: 24 heads of 128, and the VAE of Flux.2.
NEEDS = KleinNeeds(maps=13, usual=Widths(24 * 128, 128), places=1)
