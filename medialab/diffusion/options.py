"""How a denoising departs from the plain one."""

from dataclasses import dataclass
from typing import Any

from medialab.diffusion.inpaint_models import Masked
from medialab.diffusion.noise import Variation
from medialab.diffusion.second_checkpoint import Handover
from medialab.diffusion.start import Kept
from medialab.diffusion.tiling import Tiles


@dataclass(frozen=True)
class DenoisingOptions:
    """How a denoising departs from the plain one.

    `kept` is what it must not change, `masked` what a denoiser made for inpainting is told of that.
    A `variation` is for text to image; `noise_multiplier`, how strong the first noise is, for tasks
    that start from a picture. `exact_steps` runs as many steps as are set, whatever the strength;
    otherwise the strength's share of them is run. `handover` is another checkpoint that takes over.
    `tiles` has large latents denoised in parts.
    """

    kept: Kept | None = None
    masked: Masked | None = None
    variation: Variation | None = None
    noise_multiplier: float = 1.0
    exact_steps: bool = False
    handover: Handover | None = None
    tiles: Tiles | None = None

    def as_record(self, steps: int) -> dict[str, Any]:
        """Return what the record says of it when all of so many steps are done."""
        return {
            **({"variation": self.variation._asdict()} if self.variation else {}),
            **({"handover": self.handover.as_record(steps)} if self.handover else {}),
            **({"tiles": self.tiles.as_record} if self.tiles else {}),
        }


PLAIN = DenoisingOptions()
