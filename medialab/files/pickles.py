"""Pickles are programs: the file types that hold them, and a guard under which none is read.

Three layers keep them out: these endings and the header check refuse a file before any library is
called; every load asks for safetensors; and while a load runs, `refusing_pickles` stands in the way
of whatever library falls back to a pickle all the same.
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
    """Why the pickle of this name is not opened, and what to do instead."""
    return f"{name} is a pickle, which can run any program when it is opened; {HOW_TO_CONVERT}"


@contextmanager
def refusing_pickles() -> Iterator[None]:
    """Within it, `torch.load`, `pickle.load` and `pickle.loads` raise in this thread.

    Other threads unpickle as ever: a kernel and a Dask worker do so all the time. A thread that the
    guarded one starts is not guarded.
    Raises: ModelRefusedError, from the call that would have unpickled.
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
