"""Weights that are stored smaller than they compute: the dtype that each layer makes of its own.

Layers of float8 (diffusers' layerwise casting) and of GGUF hold that dtype as `compute_dtype`, and
layers of bytes (`medialab.families.byte_layers`) as `computes_in`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_NAMES = ("computes_in", "compute_dtype")


@contextmanager
def computing_in(dtype: torch.dtype, *networks: torch.nn.Module) -> Iterator[None]:
    """Let all stored weights of some networks become a dtype inside the block, and theirs after it.

    Args:
        dtype: The dtype.
        networks: They may have no such weights.
    """
    found = [one for network in networks for one in _storing(network)]
    before = [(one, name, getattr(one, name)) for one, name in found]
    for one, name in found:
        setattr(one, name, dtype)
    try:
        yield
    finally:
        for one, name, own in before:
            setattr(one, name, own)


def _storing(network: torch.nn.Module) -> Iterator[tuple[Any, str]]:
    """Yield the layers, and diffusers' hooks on layers, that hold such a dtype, with its name."""
    for layer in network.modules():
        hooks = getattr(getattr(layer, "_diffusers_hook", None), "hooks", {})
        for one in (layer, *hooks.values()):
            named = (name for name in _NAMES if isinstance(getattr(one, name, None), torch.dtype))
            if (name := next(named, None)) is not None:
                yield one, name
