"""Recognition of a VAE's latents by its header or config.json, and the families that use them."""

import re
from collections.abc import Mapping
from typing import Any

from medialab.families import FAMILIES, RUNNING
from medialab.families.base import Family
from medialab.families.latents import Latents
from medialab.families.unet_clip import FOUR_CHANNELS
from medialab.files.headers import Header
from medialab.files.vae_configs import VAE_CONFIGS, levels_of

MOST_LEVELS = 8  # each halves the picture's sides
# diffusers' own `sample_size` of an AutoencoderKL, in pixels; written where nobody chose one.
_NOT_TOLD = 32
_LEVEL = re.compile(r"encoder\.down(?:_blocks)?\.(\d{1,3})\.")
# Statistics of latents that the denoiser reads in patches of 2 × 2, as Flux.2's.
_STATISTICS, _PATCH = "bn.running_mean", 4
# The decoder's first layer, in the names of diffusers and of VAEs for videos in their makers'.
_INTO_DECODER = ("decoder.conv_in.weight", "decoder.conv1.weight")
# A layer of a VAE for videos that halves the sides.
_HALVING = re.compile(r"^encoder\..*resample\.1\.weight$")


def variant_of_vae(header: Header) -> str:
    """Return a description of the latents of a VAE in a single file; "" for the usual ones."""
    into = next(
        (shape for name, shape in header.shapes.items() if name.endswith(_INTO_DECODER)), None
    )
    if into is None:
        return ""
    if len(into) == 5:
        return _of_videos(header, into[1])
    highest = max(
        (int(level) for name in header.shapes for level in _LEVEL.findall(name)), default=0
    )
    if len(into) != 4 or highest >= MOST_LEVELS:
        return "of an unknown build"
    statistics = header.shapes.get(_STATISTICS)
    if statistics is not None and into[1] and statistics[0] == _PATCH * into[1]:
        return _latents(statistics[0], 2 * 2**highest)
    return _latents(into[1], 2**highest)


def _of_videos(header: Header, channels: int) -> str:
    """Return a description of the latents of a VAE for videos: those of families here, if known."""
    halves = sum(_HALVING.match(name) is not None for name in header.shapes)
    if not 0 < halves < MOST_LEVELS:
        return "made for videos"
    own = Latents(channels=channels, reduction=2**halves, block=1, of_videos=True)
    return own.description


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
    if "batch_norm_eps" in config and isinstance(channels, int):
        return _latents(_PATCH * channels, 2 * 2 ** (count - 1))
    return _latents(channels, 2 ** (count - 1))


def size_told(config: Mapping[str, Any]) -> int | None:
    """Return the side in pixels that a VAE's config tells; None if it does not.

    Checkpoints are published with the VAE that they were trained with, so that this is their native
    size where the denoiser's config has none.
    """
    told = config.get("sample_size")
    return told if isinstance(told, int) and told > _NOT_TOLD else None


def reads(family: Family, variant: str) -> bool:
    """Return whether a family uses the latents of a VAE of that variant."""
    written = variant or FOUR_CHANNELS.description
    return family.reads_vae_files and written == family.latents.description


def readable_latents() -> tuple[str, ...]:
    """Return a description of each kind of latents that VAEs of models/vae may write."""
    own = (one.latents for one in RUNNING.values() if one.reads_vae_files)
    return tuple(dict.fromkeys(one.description for one in own))


def shared_latents(family: str) -> str:
    """Return the name of the family whose latents and VAEs this family uses, or its own."""
    one = FAMILIES.get(family)
    return (one.latents.shared_with if isinstance(one, Family) else "") or family


def is_made_for(family: Family, name: str) -> bool | None:
    """Return whether a VAE is one of a family's; None if its name does not tell.

    VAEs of several families have the same layers.

    Args:
        family: The family.
        name: The VAE's name in the listing.
    """
    file = name.rpartition("/")[2].casefold()
    patterns = {one.latents.vae_names for one in RUNNING.values()}
    makers = {one for one in patterns if one and re.search(one, file)}
    own = family.latents.vae_names
    return makers == {own} if own and len(makers) == 1 else None


def _latents(channels: object, reduction: int) -> str:
    description = f"{channels} channels, {reduction} times smaller"
    return "" if description == FOUR_CHANNELS.description else description
