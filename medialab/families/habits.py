"""A detailer's defaults for the checkpoints of a family."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from medialab.prompts import written_tags


@dataclass(frozen=True, kw_only=True)
class DetailerHabits:
    """A detailer's defaults for the checkpoints of one family.

    The values here are Impact's crop and size, and ADetailer's strength.

    Attributes:
        crop_factor: How many times larger than a detection the crop is.
        strength: The repainting's strength, 0 to 1.
        most: The largest side in pixels at which a crop is drawn, if the checkpoint's own size is
            not larger.
        frames: A regular expression for words that frame the whole picture at a prompt's start.
        framings: The words that replace them, by part. If they end in a full stop, they replace
            the whole prompt except its tags.
        part: The part that these defaults are for: face, hand; "" for anything else.
    """

    crop_factor: float = 3.0
    strength: float = 0.4
    most: int = 1024
    frames: str = ""
    framings: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    def of(self, part: str) -> Self:
        """Return the defaults for one part; "" stands for anything else."""
        return replace(self, part=part)

    def largest(self, native: int) -> int:
        """Return the largest side in pixels at which a crop is drawn.

        Args:
            native: The side in pixels that the checkpoint was trained at; twice that is the limit.
        """
        return max(native, min(2 * native, self.most))

    def framed(self, prompt: str) -> str:
        """Return the part's prompt for the whole picture's."""
        framing = self.framings.get(self.part)
        if framing is None:
            return prompt
        if framing.endswith("."):
            return " ".join([framing.removesuffix("."), *written_tags(prompt)])
        return f"{framing} {re.sub(self.frames, '', prompt, count=1)}"
