"""Memory given back to the system, and the words in which a library says that there is none."""

import ctypes
import gc
import sys

# What is said besides "out of memory": torch on a CPU (Linux, Windows), cuBLAS and cuDNN, C++.
_SAID = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed", "bad_alloc")


def free_memory() -> None:
    """Give back to the system: Python's cycles, the device's cache, malloc's free pages."""
    gc.collect()
    if torch := sys.modules.get("torch"):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own; musl has none
        if trim is not None:
            trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether there was no room: by its type, or, as torch says it on a CPU, in words only."""
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, (RuntimeError, OSError)) and any(words in said for words in _SAID)
