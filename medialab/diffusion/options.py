"""The options of a denoising: inpainting, variation, tiles, a second checkpoint."""

from dataclasses import dataclass
from typing import Any

from medialab.diffusion.inpaint_models import Masked
from medialab.diffusion.noise import Variation
from medialab.diffusion.second_checkpoint import Handover
from medialab.diffusion.start import Kept
from medialab.diffusion.tiling import Tiles


@dataclass(frozen=True)
class DenoisingOptions:
    """The options of a denoising; the defaults turn all of them off.

    Attributes:
        kept: The part of the picture that it must not change.
        masked: The additional input of a denoiser made for inpainting.
        variation: Another seed's noise to mix in; for text to image.
        noise_multiplier: A factor of the first noise, for tasks that start from a picture.
        exact_steps: Run all steps that are set; otherwise only the strength's share of them.
        handover: A second checkpoint that takes over before the end.
        tiles: The tiles in which large latents are denoised.
    """

    kept: Kept | None = None
    masked: Masked | None = None
    variation: Variation | None = None
    noise_multiplier: float = 1.0
    exact_steps: bool = False
    handover: Handover | None = None
    tiles: Tiles | None = None

    def as_record(self, steps: int) -> dict[str, Any]:
        """Return the options' entries in the record, after `steps` steps are done."""
        return {
            **({"variation": self.variation._asdict()} if self.variation else {}),
            **({"handover": self.handover.as_record(steps)} if self.handover else {}),
            **({"tiles": self.tiles.as_record} if self.tiles else {}),
        }


PLAIN = DenoisingOptions()
