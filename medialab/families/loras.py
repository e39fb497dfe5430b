"""LoRA files and block weights before a checkpoint is known: read by the family in the header."""

from collections.abc import Mapping
from functools import cache

from medialab.errors import ConfigError
from medialab.families import FAMILIES, RUNNING
from medialab.families.base import UNKNOWN, LoRAKeys, LoRANames


def keys_for(family: str) -> LoRAKeys:
    """Return a family's prefixes of layer names; those of all families if it does not run."""
    own = RUNNING[family].loras if family in RUNNING else None
    return _keys_of_all() if own is None else own.keys


def may_be_for(made_for: str, family: str) -> bool:
    """Return whether a LoRA may fit a family's checkpoints, by the family that its header names.

    A LoRA of "flux2" shows no width, and so may be of any size of Flux.2.
    """
    is_general = made_for not in RUNNING and family.startswith(f"{made_for}-")
    return made_for in {UNKNOWN, family} or family == UNKNOWN or is_general


def are_alike(one: str, other: str) -> bool:
    """Return whether LoRAs of two families can have the same layers, told apart by metadata."""
    first, second = FAMILIES.get(one), FAMILIES.get(other)
    return (first is not None and other in first.recognition.lookalikes) or (
        second is not None and one in second.recognition.lookalikes
    )


def read_block_weights(text: str) -> Mapping[str, float]:
    """Return the weight of each block, by the first family that accepts the text.

    Raises:
        ConfigError: the text is neither a preset nor a list of any family.
    """
    faults = []
    for names in _distinct():
        try:
            return names.read_block_weights(text)
        except ConfigError as error:
            faults.append(error)
    raise faults[0]


@cache
def _keys_of_all() -> LoRAKeys:
    """Return the prefixes of all families that run; on a conflict the first family's."""
    every = [names.keys for names in _distinct()]
    prefixes: dict[str, str] = {}
    for keys in every:
        for prefix, part in keys.prefixes.items():
            prefixes.setdefault(prefix, part)
    bare = tuple(start for keys in every for start in keys.bare)
    return LoRAKeys(every[0].denoiser, prefixes, bare)


def _distinct() -> list[LoRANames]:
    found: list[LoRANames] = []
    for one in RUNNING.values():
        if one.loras is not None and one.loras not in found:
            found.append(one.loras)
    return found
