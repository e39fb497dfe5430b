"""What a checkpoint's family cannot do, by the setting that asks for it.

The form greys these settings, with the reason; a run that needs one is refused by its own checks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from medialab.families import RUNNING

TILES = "diffusion_overlap"


class Limited(Protocol):
    """The facts of a listed checkpoint that say what it can do."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def family(self) -> str:
        """Its family."""

    @property
    def edition(self) -> str:
        """Its edition; "" if it is unknown."""

    @property
    def path(self) -> Path:
        """Its file or folder."""

    @property
    def stored(self) -> str:
        """How its file stores quantised weights; "" if it has none."""

    @property
    def lacks_encoders(self) -> Sequence[str]:
        """The text encoders that it needs from models/text_encoders."""


def limits_of(info: Limited) -> dict[str, str]:
    """Return why settings have no use with a checkpoint, by setting; none for those that have.

    Args:
        info: The checkpoint as it is listed; of a family that does not run, nothing is said.
    """
    own = RUNNING.get(info.family)
    if own is None:
        return {}
    found = {}
    if not own.follows_controlnets:
        found["control"] = f"Checkpoints of family {own} follow no ControlNet here yet."
    if own.tiling is None:
        found[TILES] = (
            f"Checkpoints of family {own} are not drawn in tiles here yet: a picture that is "
            "larger than the tile is refused."
        )
    if not own.reads_vae_files:
        found["vae"] = f"Checkpoints of family {own} draw with their own VAE alone."
    if own.guidance_of(info.edition, is_file=info.path.is_file()) == "none":
        why = f"{info.name} is {info.edition}: it follows the prompt alone, as at guidance 1."
        found |= dict.fromkeys(("guidance_scale", "negative_prompt"), why)
    if not own.reused_blocks:
        found["step_cache"] = f"Checkpoints of family {own} compute every step in full."
    if info.stored:
        found["weight_dtype"] = f"{info.name}'s weights are {info.stored}, and stay as they are."
    if not info.lacks_encoders:
        found["text_encoder"] = f"{info.name} has its text encoders inside."
    return found
