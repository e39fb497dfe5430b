"""Block weights: how much of a LoRA counts in each part of the denoiser.

Source: behaviour of hako-mikan's sd-webui-lora-block-weight.
"""

import re
from collections.abc import Mapping, Sequence

from medialab.errors import ConfigError

BASE, MIDDLE = "BASE", "MID"

# How many numbers are given -> which blocks they are for: of SD1.5 and SDXL those with attention
# (17, 12), or every block (26, 20).
LISTS: Mapping[int, Sequence[str]] = {
    17: [BASE, "IN01", "IN02", "IN04", "IN05", "IN07", "IN08", MIDDLE]
    + [f"OUT{number:02}" for number in range(3, 12)],
    12: [BASE, "IN04", "IN05", "IN07", "IN08", MIDDLE] + [f"OUT{number:02}" for number in range(6)],
    26: [BASE, *(f"IN{number:02}" for number in range(12)), MIDDLE]
    + [f"OUT{number:02}" for number in range(12)],
    20: [BASE, *(f"IN{number:02}" for number in range(9)), MIDDLE]
    + [f"OUT{number:02}" for number in range(9)],
}
# Presets' names -> how much counts of what comes in, of the middle, of what goes out.
PRESETS: Mapping[str, tuple[float, float, float]] = {
    "ALL": (1, 1, 1),
    "NONE": (0, 0, 0),
    "INALL": (1, 0, 0),
    "MIDD": (0, 1, 0),
    "OUTALL": (0, 0, 1),
}

_DOWN = re.compile(r"down_blocks\.(\d+)\.(attentions|resnets|downsamplers)\.(\d+)")
_UP = re.compile(r"up_blocks\.(\d+)\.(attentions|resnets|upsamplers)\.(\d+)")


def read_block_weights(text: str) -> dict[str, float]:
    """Weights by block, of a preset's name or of numbers with commas between.

    A block that is not named counts fully, as the layers do that are in none.

    Raises:
        ConfigError: no preset of that name, or no list of that many numbers.
    """
    if (preset := PRESETS.get(text.strip().upper())) is not None:
        first, middle, last = preset
        parts = {"IN": first, "MI": middle, "OU": last, "BA": 1.0}
        return {block: parts[block[:2]] for block in {*LISTS[26], *LISTS[20]}}
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in LISTS:
        message = (
            f"lbw={text!r}: give {', '.join(map(str, sorted(LISTS)))} numbers with commas between, "
            f"or one of {', '.join(PRESETS)}"
        )
        raise ConfigError(message)
    return dict(zip(LISTS[len(numbers)], numbers, strict=True))


def block_of(module: str, layers_per_block: int = 2) -> str:
    """The block (IN04, MID, OUT03, BASE …) of a denoiser's module, by its diffusers name."""
    if match := _DOWN.match(module):
        block, part, number = int(match[1]), match[2], int(match[3])
        inside = layers_per_block if part == "downsamplers" else number
        return f"IN{1 + block * (layers_per_block + 1) + inside:02}"
    if match := _UP.match(module):
        block, part, number = int(match[1]), match[2], int(match[3])
        inside = layers_per_block if part == "upsamplers" else number
        return f"OUT{block * (layers_per_block + 1) + inside:02}"
    if module.startswith("mid_block."):
        return MIDDLE
    return "IN00" if module == "conv_in" else BASE
