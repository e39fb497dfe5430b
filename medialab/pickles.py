"""Pickles are programs: the file types that hold them, and a guard under which none is read.

Three layers keep them out: these endings and the header check refuse a file before any library is
called; every load asks for safetensors; and while a load runs, `refusing_pickles` stands in the way
of whatever library falls back to a pickle all the same.
"""

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

from medialab.errors import ModelRefusedError

PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"})

HOW_TO_CONVERT = (
    "look for the same model as .safetensors; or, where you trust its maker, convert it in a "
    "machine that you can lose: safetensors.torch.save_file(torch.load(file, weights_only=True), …)"
)

_guarded = threading.local()
_changing = threading.Lock()
_gates: list[tuple[ModuleType, str, Callable[..., Any], Callable[..., Any]]] = []
_guards = 0  # how many threads are inside; the gates stand while there is one


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
    _enter()
    _guarded.depth = getattr(_guarded, "depth", 0) + 1
    try:
        yield
    finally:
        _guarded.depth -= 1
        _leave()


def _enter() -> None:
    """The first guard puts a gate before each function that unpickles."""
    import torch

    global _guards  # noqa: PLW0603 - the functions to guard are the process's, so is the count
    with _changing:
        _guards += 1
        if _guards > 1:
            return
        for module, name in ((torch, "load"), (pickle, "load"), (pickle, "loads")):
            function = getattr(module, name)
            gate = _gate(function, f"{module.__name__}.{name}")
            # A gate is pickled by its name, as the function it stands for.
            gate.__module__, gate.__qualname__ = module.__name__, name
            setattr(module, name, gate)
            _gates.append((module, name, function, gate))


def _leave() -> None:
    """The last guard takes the gates away, unless somebody replaced them in the meantime."""
    global _guards  # noqa: PLW0603 - see _enter
    with _changing:
        _guards -= 1
        while not _guards and _gates:
            module, name, function, gate = _gates.pop()
            if getattr(module, name) is gate:
                setattr(module, name, function)


def _gate(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def gate(*arguments: Any, **settings: Any) -> Any:
        if getattr(_guarded, "depth", 0):
            message = f"{name} was called while a model was loading: {refusal('what it read')}"
            raise ModelRefusedError(message)
        return function(*arguments, **settings)

    return gate
