"""What a detailer does where it is told nothing, for the checkpoints of a family."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from medialab.prompts import written_tags


@dataclass(frozen=True, kw_only=True)
class DetailerHabits:
    """What a detailer does where it is told nothing, for checkpoints of one family.

    A box is enlarged by `crop_factor`, and what is in it repainted with `strength` (0 to 1).
    `most` pixels a side are what it is drawn at, but never less than the checkpoint's own size.
    `framings` say, by part, how a prompt that frames the whole picture (words in `frames`, an
    expression) begins for the part alone; a framing that ends in a full stop takes the prompt's
    place, but for its LoRAs. `part` is the one that these habits are for.

    The defaults are Impact's crop and size, and ADetailer's strength.
    """

    crop_factor: float = 3.0
    strength: float = 0.4
    most: int = 1024
    frames: str = ""
    framings: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    def of(self, part: str) -> Self:
        """Return the same for one part; for "", where something else is looked for."""
        return replace(self, part=part)

    def largest(self, native: int) -> int:
        """Return the pixels a side that surroundings are enlarged to at most.

        That is twice the size that the checkpoint was trained at, `native`.
        """
        return max(native, min(2 * native, self.most))

    def framed(self, prompt: str) -> str:
        """Return the prompt of a whole picture, for the part."""
        framing = self.framings.get(self.part)
        if framing is None:
            return prompt
        if framing.endswith("."):
            return " ".join([framing.removesuffix("."), *written_tags(prompt)])
        return f"{framing} {re.sub(self.frames, '', prompt, count=1)}"
