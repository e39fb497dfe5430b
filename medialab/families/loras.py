"""LoRA files before a checkpoint is known: read as the family of their header names its layers."""

from collections.abc import Mapping
from functools import cache

from medialab.errors import ConfigError
from medialab.families import RUNNING
from medialab.families.base import LoRAKeys, LoRANames


def keys_for(family: str) -> LoRAKeys:
    """Return how files of a family that runs name layers; of any other, as any family does."""
    own = RUNNING[family].loras if family in RUNNING else None
    return _keys_of_all() if own is None else own.keys


def read_block_weights(text: str) -> Mapping[str, float]:
    """Return how much counts of each block, as the first family reads it whose blocks these are.

    Raises:
        ConfigError: it says nothing that any family's blocks could follow.
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
    """Return the keys of all families that run; the first family's come first."""
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
