"""Recognition of a VAE's latents by its header or config.json, and the families that use them."""

import re
from collections.abc import Mapping
from typing import Any

from medialab.families import FAMILIES, RUNNING
from medialab.families.base import Family
from medialab.families.unet_clip import FOUR_CHANNELS
from medialab.files.headers import Header
from medialab.files.vae_configs import VAE_CONFIGS, levels_of

MOST_LEVELS = 8  # each halves the picture's sides
_LEVEL = re.compile(r"encoder\.down(?:_blocks)?\.(\d{1,3})\.")
_INTO_DECODER = "decoder.conv_in.weight"


def variant_of_vae(header: Header) -> str:
    """Return a description of the latents of a VAE in a single file; "" for the usual ones."""
    into = next(
        (shape for name, shape in header.shapes.items() if name.endswith(_INTO_DECODER)), None
    )
    levels = {int(level) for name in header.shapes for level in _LEVEL.findall(name)}
    if into is None:
        return ""
    if len(into) != 4:
        return "made for videos" if len(into) > 4 else "of an unknown build"
    if max(levels, default=0) >= MOST_LEVELS:
        return "of an unknown build"
    return _latents(into[1], 2 ** max(levels, default=0))


def variant_of_vae_config(config: Mapping[str, Any]) -> str:
    """Return the same for a VAE's folder, or the name of its class if that is not supported."""
    name = str(config.get("_class_name"))
    if name not in VAE_CONFIGS:
        return f"class {name}"
    levels = levels_of(config)
    # A config without levels is refused later, when it is validated as a whole.
    count = len(levels) if isinstance(levels, list) else 4
    if not 0 < count <= MOST_LEVELS:
        return f"a VAE of {count} levels"
    channels = config.get("latent_channels", FOUR_CHANNELS.channels)
    return _latents(channels, 2 ** (count - 1))


def reads(family: Family, variant: str) -> bool:
    """Return whether a family uses the latents of a VAE of that variant."""
    return (variant or FOUR_CHANNELS.description) == family.latents.description


def readable_latents() -> tuple[str, ...]:
    """Return a description of each kind of latents that the families here use."""
    return tuple(dict.fromkeys(one.latents.description for one in RUNNING.values()))


def shared_latents(family: str) -> str:
    """Return the name of the family whose latents and VAEs this family uses, or its own."""
    one = FAMILIES.get(family)
    return (one.latents.shared_with if isinstance(one, Family) else "") or family


def _latents(channels: object, reduction: int) -> str:
    description = f"{channels} channels, {reduction} times smaller"
    return "" if description == FOUR_CHANNELS.description else description
