"""Pickles are programs: the extensions of files that hold them, and a guard against loading one.

Three layers keep them out: these extensions and the header check refuse a file before any library
is called; every load requires safetensors; and during a load, `refusing_pickles` stops a library
that falls back to a pickle nevertheless.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.process.gates import Gates

PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"})

HOW_TO_CONVERT = (
    "look for the same model as .safetensors; or, where you trust its maker, convert it in a "
    "machine that you can lose: safetensors.torch.save_file(torch.load(file, weights_only=True), …)"
)


def refusal(name: str) -> str:
    """Return why a pickle is not opened, and what to do instead."""
    return f"{name} is a pickle, which can run any program when it is opened; {HOW_TO_CONVERT}"


@contextmanager
def refusing_pickles() -> Iterator[None]:
    """Make `torch.load`, `pickle.load` and `pickle.loads` raise in this thread for the block.

    Other threads are not affected, since a kernel and a Dask worker unpickle all the time; nor are
    threads started inside the block.

    Raises:
        ModelRefusedError: from the call that would have loaded a pickle.
    """
    with _GATES.shut():
        yield


def _unpickling() -> Iterator[tuple[Any, str]]:
    import torch

    yield from ((torch, "load"), (pickle, "load"), (pickle, "loads"))


def _refused(name: str) -> ModelRefusedError:
    message = f"{name} was called while a model was loading: {refusal('what it read')}"
    return ModelRefusedError(message)


_GATES = Gates(_unpickling, _refused)
