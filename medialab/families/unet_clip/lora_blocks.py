"""Block weights: the share of a LoRA's effect in each block of the denoiser.

Source: behaviour of hako-mikan's sd-webui-lora-block-weight (its lists and presets). Its presets
are lists of 17, which leave out the blocks without attention; here they include those, so that they
work with a LoCon and with SDXL.
"""

import math
import re
from collections.abc import Mapping, Sequence

from medialab.errors import ConfigError, shown
from medialab.families.base import TEXT_BLOCK as BASE

IN, MIDDLE, OUT = "IN", "MID", "OUT"

# Length of a list -> the blocks of its weights: those with attention of SD1.5 (17) and SDXL (12),
# or all blocks (26, 20).
LISTS: Mapping[int, Sequence[str]] = {
    17: [BASE, "IN01", "IN02", "IN04", "IN05", "IN07", "IN08", MIDDLE]
    + [f"OUT{number:02}" for number in range(3, 12)],
    12: [BASE, "IN04", "IN05", "IN07", "IN08", MIDDLE] + [f"OUT{number:02}" for number in range(6)],
    26: [BASE, *(f"IN{number:02}" for number in range(12)), MIDDLE]
    + [f"OUT{number:02}" for number in range(12)],
    20: [BASE, *(f"IN{number:02}" for number in range(9)), MIDDLE]
    + [f"OUT{number:02}" for number in range(9)],
}
# Presets' names -> ranges of blocks with weight 1, of 12 on each side as in SD1.5. Deep blocks,
# with the smallest maps, are late on the input side and early on the output side.
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
    """Return the weight of each block from a preset's name or a comma-separated list.

    A block that is not in a list gets weight 0. Layers outside all blocks have weight 1.

    Raises:
        ConfigError: there is no preset of that name, or no list of that length.
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
    """Return the block (IN04, MID, OUT03 …) of a UNet's module.

    Args:
        module: Its path in diffusers' names.
        layers_per_block: From the UNet's config.

    Returns:
        The block, or None for modules outside all blocks: time and size embeddings, last
        convolution.
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
    """Return the blocks of one side, from number `first` to `last`."""
    if side == MIDDLE:
        return [MIDDLE]
    return [f"{side}{number:02}" for number in range(first, last + 1)]


_EVERY = tuple(name for ranges in PRESETS["ALL"] for name in _blocks(*ranges))
