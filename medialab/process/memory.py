"""Memory of this machine: how much is free, how it is released, errors that mean there is none."""

import ctypes
import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

# Phrases in errors that mean out of memory: torch on a CPU (Linux, Windows), cuBLAS and cuDNN, C++.
_SAID = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed", "bad_alloc")
# Bytes of a model from which on it is worth half a second to look for cycles that hold its weights.
_WORTH_COLLECTING = 2**26
_CGROUPS = Path("/sys/fs/cgroup")
# Seconds after which control groups without a limit are looked at again; few ever get one.
_LIMITS_SECONDS = 5.0
# By version of control groups: the files with the limit and the use in bytes, and the statistics of
# memory that the kernel reclaims on demand, such as cached file pages. Those of a model that was
# hashed and then loaded count as active.
_LIMITS = (
    ("memory.max", "memory.current", ("inactive_file", "active_file", "slab_reclaimable")),
    (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
)


class NoRoomError(MemoryError):
    """The memory needed is more than is free; raised before any is allocated."""


def free_bytes(device: str = "cpu") -> int:
    """Return the bytes that can be allocated now.

    On a CPU: the least of the machine's available memory, a container's limit and the process's own
    limit. On a GPU: the driver's figure plus the memory that torch has reserved but does not use.

    Args:
        device: A torch device, such as "cpu" or "cuda".

    Cost: 0.1 ms.
    """
    if device.startswith("cuda"):
        import torch

        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    import psutil

    free = [int(psutil.virtual_memory().available)]
    free += [limit - used for limit, used in _container()]
    if (limit := _address_space()) is not None:
        free.append(limit - int(_process(os.getpid()).memory_info().vms))
    return max(0, min(free))


def total_bytes(device: str = "cpu") -> int:
    """Return the device's total memory in bytes, within the limits of container and process."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    import psutil

    limits = [limit for limit, _ in _container()]
    limits += [limit for limit in (_address_space(),) if limit is not None]
    return min([int(psutil.virtual_memory().total), *limits])


def used_bytes(device: str = "cpu") -> int:
    """Return the bytes that this process uses: of the GPU's memory on a GPU, else of the machine's.

    On a GPU they are what torch has allocated, 0 before torch is imported.
    """
    if device.startswith("cuda"):
        torch = sys.modules.get("torch")
        return int(torch.cuda.memory_allocated(device)) if torch else 0
    return int(_process(os.getpid()).memory_info().rss)


@lru_cache(1)
def _process(pid: int) -> Any:
    """Return psutil's view of a process, which takes 2 ms to make: it asks when it began."""
    import psutil

    return psutil.Process(pid)


def _container() -> Iterator[tuple[int, int]]:
    """Yield limit and use, in bytes, of each control group of this process."""
    for folder, (limit, used, reclaimable) in _limited(
        _groups(), int(time.monotonic() / _LIMITS_SECONDS)
    ):
        with suppress(OSError, ValueError):
            most = int((folder / limit).read_text())
            statistics = dict(
                line.split() for line in (folder / "memory.stat").read_text().splitlines()
            )
            freed_on_demand = sum(int(statistics.get(name, 0)) for name in reclaimable)
            yield most, int((folder / used).read_text()) - freed_on_demand


@lru_cache(4)
def _limited(
    groups: tuple[Path, ...], _period: int
) -> tuple[tuple[Path, tuple[str, str, tuple[str, ...]]], ...]:
    """Return the groups that have a limit, each with its files; asked anew in each period."""
    found = []
    for folder in groups:
        for files in _LIMITS:
            with suppress(OSError, ValueError):  # ValueError for "max": no limit
                int((folder / files[0]).read_text())
                found.append((folder, files))
    return tuple(found)


@cache
def _groups() -> tuple[Path, ...]:
    """Return the folders of this process's control groups and of their parents."""
    found = {_CGROUPS, _CGROUPS / "memory"}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if names and "memory" not in names.split(","):
                continue
            root = _CGROUPS / "memory" if names else _CGROUPS
            group = root / path.lstrip("/")
            found |= {one for one in (group, *group.parents) if one.is_relative_to(root)}
    return tuple(sorted(found))


def _address_space() -> int | None:
    """Return the limit of `ulimit -v`, in bytes; None if there is none."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def gigabytes(nbytes: float) -> str:
    """Return a number of bytes for people to read: "18.5 GB", or "120 MB"."""
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.0f} MB"


def claim(nbytes: int, device: str, what: str) -> None:
    """Check that memory which is about to be allocated is free.

    Args:
        nbytes: Bytes needed.
        device: A torch device.
        what: What needs them, in the error's message.

    Raises:
        NoRoomError: it is not; the message says how much is needed and how much is free.
    """
    free = free_bytes(device)
    if nbytes > free:
        message = f"{what} needs {gigabytes(nbytes)} of memory, {gigabytes(free)} are free"
        raise NoRoomError(message)


def free_memory() -> None:
    """Release unused memory: Python's reference cycles, the device's cache, malloc's free pages."""
    gc.collect()
    trim_memory()


def trim_memory() -> None:
    """Release what nothing holds: the device's cache, and malloc's free pages to the system."""
    if torch := sys.modules.get("torch"):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not
        if trim is not None:
            trim(0)


def free_after(nbytes: int) -> None:
    """Release memory as `free_memory` after a model of that many bytes was let go.

    Cycles are collected for large ones alone; those of small ones wait for Python.
    """
    if nbytes >= _WORTH_COLLECTING:
        free_memory()
    else:
        trim_memory()


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means out of memory, by its type or (torch on a CPU) its text."""
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, (RuntimeError, OSError)) and any(words in said for words in _SAID)
