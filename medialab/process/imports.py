"""One gate around the imports of torch, diffusers and what stands on them.

Both libraries load their parts when somebody first asks for them, and two threads that ask for
different parts at the same time see each other's half-made modules: one of them fails with
`cannot import name`. While the gate is closed, one thread after another passes.

A thread in the middle of a library's own import never waits here: it holds locks of the import
system that the other may need. What waits is code of ours or of a person, which no library imports.
"""

import builtins
import importlib
import sysconfig
from collections.abc import Callable
from functools import wraps
from inspect import currentframe
from threading import RLock
from types import FrameType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Those that load in parts, and those whose own import asks for them.
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


class ImportGate:
    """Lets one thread at a time import the libraries of `GATED`; `with gate:` is the way through.

    `close` puts it in the way of every thread's `import`, `open` takes it away.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    def close(self) -> None:
        """From here on imports of those libraries wait for each other."""
        with self._lock:
            if self._before is None:
                self._before = builtins.__import__, importlib.import_module
                builtins.__import__ = self._gated(builtins.__import__)
                # Parts that a library loads by itself come this way.
                importlib.import_module = self._gated(importlib.import_module)

    def open(self) -> None:
        """Imports are as they were; those that somebody else put in place meanwhile stay."""
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
    """Whether this thread is in the middle of importing an installed module."""
    while frame is not None:
        if (
            frame.f_code.co_name == "<module>"
            and frame.f_globals.get("__name__") != "__main__"
            and frame.f_code.co_filename.startswith(_FOLDERS)
        ):
            return True
        frame = frame.f_back
    return False
