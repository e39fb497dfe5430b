"""A gate around the imports of torch, diffusers and the libraries built on them.

Both load their parts lazily, and two threads that import different parts at the same time see each
other's incomplete modules: one of them fails with `cannot import name`. While the gate is closed,
only one thread at a time imports.

A thread that is inside a library's own import never waits here, since it holds locks of the import
system that the other thread may need. Only our code and the user's waits.
"""

import builtins
import gc
import importlib
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import currentframe
from threading import RLock
from types import FrameType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Libraries that load lazily, and libraries that import them.
GATED = frozenset(
    {
        "accelerate",
        "compel",
        "controlnet_aux",
        "diffusers",
        "peft",
        "safetensors",
        "spandrel",
        "timm",
        "torch",
        "torchsde",
        "torchvision",
        "transformers",
        "ultralytics",
    }
)
_FOLDERS = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


@contextmanager
def without_collecting() -> Iterator[None]:
    """Do without Python's search for cycles in the block, which imports thousands of modules.

    They live as long as the process, yet the search goes through all of them again and again while
    their number grows: a sixth of the time that importing diffusers takes. Afterwards they are in
    the oldest generation, where they would have come to.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # what others froze stays so
            gc.freeze()
            gc.unfreeze()
        if collects:
            gc.enable()


class ImportGate:
    """Lets one thread at a time import the libraries in `GATED`; `with gate:` holds the lock.

    `close` makes every thread's `import` wait for that lock, `open` ends that.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    def close(self) -> None:
        """Make imports of those libraries wait for each other from now on."""
        with self._lock:
            if self._before is None:
                self._before = builtins.__import__, importlib.import_module
                builtins.__import__ = self._gated(builtins.__import__)
                # Libraries load their lazy parts through this function.
                importlib.import_module = self._gated(importlib.import_module)

    def open(self) -> None:
        """Restore the import functions, except any that other code has replaced in the meantime."""
        with self._lock:
            if self._before is None:
                return
            real, module = self._before
            if getattr(builtins.__import__, "__wrapped__", None) is real:
                builtins.__import__ = real
            if getattr(importlib.import_module, "__wrapped__", None) is module:
                importlib.import_module = module
            self._before = None

    def _gated(self, real: Callable[P, T]) -> Callable[P, T]:
        @wraps(real)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> T:
            asked = args[0] if args else kwargs.get("name")
            package = args[1] if len(args) > 1 else kwargs.get("package")
            name = package if str(asked).startswith(".") else asked
            if str(name).partition(".")[0] not in GATED or _inside_a_library(currentframe()):
                return real(*args, **kwargs)
            with self._lock:
                return real(*args, **kwargs)

        return waiting


def _inside_a_library(frame: FrameType | None) -> bool:
    """Return whether this thread is importing an installed module at the moment."""
    while frame is not None:
        if (
            frame.f_code.co_name == "<module>"
            and frame.f_globals.get("__name__") != "__main__"
            and frame.f_code.co_filename.startswith(_FOLDERS)
        ):
            return True
        frame = frame.f_back
    return False
