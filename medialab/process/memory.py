"""What memory there is here, how it is given back, and how a library says that there is none."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

# What is said besides "out of memory": torch on a CPU (Linux, Windows), cuBLAS and cuDNN, C++.
_SAID = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed", "bad_alloc")
_CGROUPS = Path("/sys/fs/cgroup")
# By version: bytes a group may take, bytes it takes, and what of them goes when others want it, as
# all pages of files do. Those of a model that was hashed and then loaded count as active.
_LIMITS = (
    ("memory.max", "memory.current", ("inactive_file", "active_file", "slab_reclaimable")),
    (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
)


class NoRoomError(MemoryError):
    """What was counted does not fit; raised before anything is taken."""


def free_bytes(device: str = "cpu") -> int:
    """What may be taken now: of the machine, a container's limit and this process's own.

    Of a GPU, what its driver says and what torch holds without using it. Cost: 0.1 ms.
    """
    if device.startswith("cuda"):
        import torch

        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    import psutil

    free = [int(psutil.virtual_memory().available)]
    free += [limit - used for limit, used in _container()]
    if (limit := _address_space()) is not None:
        free.append(limit - int(psutil.Process().memory_info().vms))
    return max(0, min(free))


def total_bytes(device: str = "cpu") -> int:
    """What there is altogether."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    import psutil

    limits = [limit for limit, _ in _container()]
    limits += [limit for limit in (_address_space(),) if limit is not None]
    return min([int(psutil.virtual_memory().total), *limits])


def _container() -> Iterator[tuple[int, int]]:
    """Limit and use of each control group that this process is in."""
    for folder in _groups():
        for limit, used, reclaimable in _LIMITS:
            with suppress(OSError, ValueError):
                most = int((folder / limit).read_text())  # "max" is no number
                told = dict(
                    line.split() for line in (folder / "memory.stat").read_text().splitlines()
                )
                goes = sum(int(told.get(name, 0)) for name in reclaimable)
                yield most, int((folder / used).read_text()) - goes


@cache
def _groups() -> tuple[Path, ...]:
    """The folders of this process's groups and of those around them."""
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
    """The limit of `ulimit -v`, in bytes; None without one."""
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def gigabytes(nbytes: float) -> str:
    """Bytes for a person: "18.5 GB", or "120 MB"."""
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.0f} MB"


def claim(nbytes: int, device: str, what: str) -> None:
    """Refuse what is about to be taken if it is more than what is free.

    Raises:
        NoRoomError: the text says how much is needed and free. Nothing was taken.
    """
    free = free_bytes(device)
    if nbytes > free:
        message = f"{what} needs {gigabytes(nbytes)} of memory, {gigabytes(free)} are free"
        raise NoRoomError(message)


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
