"""Block weights: how much of a LoRA counts in each part of the denoiser.

Source: behaviour of hako-mikan's sd-webui-lora-block-weight (its lists and presets). Its presets
are lists of 17, which leave out the blocks without attention; here they take those in, too, so that
a LoCon and SDXL are served.
"""

import math
import re
from collections.abc import Mapping, Sequence

from medialab.errors import ConfigError, shown
from medialab.families.base import TEXT_BLOCK as BASE

IN, MIDDLE, OUT = "IN", "MID", "OUT"

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
# Presets' names -> the blocks that count, from one to another of 12 on each side as in SD1.5.
# Deep is where pictures are smallest: late on the way in, early on the way out.
PRESETS: Mapping[str, Sequence[tuple[str, int, int]]] = {
    "NONE": (),
    "ALL": ((IN, 0, 11), (MIDDLE, 0, 0), (OUT, 0, 11)),
    "INS": ((IN, 0, 4),),
    "IND": ((IN, 5, 11),),
    "INALL": ((IN, 0, 11),),
    "MIDD": ((IN, 5, 11), (MIDDLE, 0, 0), (OUT, 0, 6)),
    "OUTD": ((OUT, 0, 6),),
    "OUTS": ((OUT, 7, 11),),
    "OUTALL": ((OUT, 0, 11),),
}

_DOWN = re.compile(r"down_blocks\.(\d+)\.(attentions|resnets|downsamplers)\.(\d+)")
_UP = re.compile(r"up_blocks\.(\d+)\.(attentions|resnets|upsamplers)\.(\d+)")


def read_block_weights(text: str) -> dict[str, float]:
    """Weights by block, of a preset's name or of numbers with commas between.

    A block that a list does not name counts nothing. Layers that are in no block count fully.

    Raises:
        ConfigError: no preset of that name, or no list of that many numbers.
    """
    if (preset := PRESETS.get(text.strip().upper())) is not None:
        counting = {name for ranges in preset for name in _blocks(*ranges)}
        return {BASE: float(bool(preset))} | {name: float(name in counting) for name in _EVERY}
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in LISTS or not all(map(math.isfinite, numbers)):
        message = (
            f"lbw={shown(text)}: give {', '.join(map(str, sorted(LISTS)))} numbers with commas "
            f"between, or one of {', '.join(PRESETS)}"
        )
        raise ConfigError(message)
    return dict.fromkeys(_EVERY, 0.0) | dict(zip(LISTS[len(numbers)], numbers, strict=True))


def block_of(module: str, layers_per_block: int = 2) -> str | None:
    """Return the block (IN04, MID, OUT03 …) of a denoiser's module, by its diffusers name.

    None for what is in no block: the time's and the size's embeddings, the last convolution.
    """
    if match := _DOWN.match(module):
        block, part, number = int(match[1]), match[2], int(match[3])
        inside = layers_per_block if part == "downsamplers" else number
        return f"{IN}{1 + block * (layers_per_block + 1) + inside:02}"
    if match := _UP.match(module):
        block, part, number = int(match[1]), match[2], int(match[3])
        inside = layers_per_block if part == "upsamplers" else number
        return f"{OUT}{block * (layers_per_block + 1) + inside:02}"
    if module.startswith("mid_block."):
        return MIDDLE
    return f"{IN}00" if module == "conv_in" else None


def _blocks(side: str, first: int, last: int) -> list[str]:
    """Return the blocks of one side from one number to another."""
    if side == MIDDLE:
        return [MIDDLE]
    return [f"{side}{number:02}" for number in range(first, last + 1)]


_EVERY = tuple(name for ranges in PRESETS["ALL"] for name in _blocks(*ranges))
