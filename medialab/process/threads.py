"""This process's use of the machine: CPU threads, devices, and imports in advance.

Cost: none on import; `preload` loads torch and diffusers in about five seconds.
"""

import ctypes
import os
import platform
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from medialab.process.imports import ImportGate, without_collecting

# The most CPU threads that can be requested: 100,000 make OpenMP end the process.
MOST_THREADS = 512
_MOST_DIGITS = 9  # digits of a number in the environment that are read
_GATE = ImportGate()
# Environment variables that make libraries compute differently on a CPU, and so give other bits.
_CHOOSING = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "OPENBLAS_CORETYPE",
    # These make fewer threads compute than requested.
    "MKL_DYNAMIC",
    "OMP_DYNAMIC",
    "OMP_THREAD_LIMIT",
)


def prefer_passive_threads() -> None:
    """Let idle OpenMP threads sleep instead of spinning; this works only before torch is imported.

    Spinning threads starve every other process: on two busy cores a forward pass of 41 ms took
    4.5 s. A policy set by the user is left unchanged.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def guard_imports() -> None:
    """Make other threads' imports of torch and diffusers wait until `preload` is done."""
    if not _is_preloaded():
        _GATE.close()


def preload() -> None:
    """Import the libraries that making a picture needs, unless that is done.

    One thread imports, others wait. After a failure the next call tries again.
    """
    with _GATE:
        if not _is_preloaded():
            with without_collecting(), _without_warnings_of_transformers():
                # It imports thousands of modules.
                from diffusers import DiffusionPipeline  # noqa: F401
        _GATE.open()


def _is_preloaded() -> bool:
    """Return whether everything that `preload` imports is loaded."""
    diffusers = sys.modules.get("diffusers")
    return diffusers is not None and "DiffusionPipeline" in vars(diffusers)


@contextmanager
def _without_warnings_of_transformers() -> Iterator[None]:
    """Silence transformers, which would warn in the user's cell that torchvision is missing."""
    import transformers.utils.logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)


def yield_to_others() -> None:
    """Give the calling thread the lowest priority, where the system has one for threads (Linux)."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def physical_cores() -> int:
    """Return the number of physical cores that this process may use."""
    import psutil

    allowed = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def default_threads() -> int:
    """Return the number of CPU threads: `OMP_NUM_THREADS`, else one per physical core.

    At most MOST_THREADS.
    """
    threads = threads_in(os.environ.get("OMP_NUM_THREADS", ""))
    return min(threads or physical_cores(), MOST_THREADS)


def threads_in(text: str) -> int:
    """Return the number of threads that a value of `OMP_NUM_THREADS` asks for; 0 if for none."""
    first = text.partition(",")[0].strip()[:_MOST_DIGITS]
    return int(first) if first.isdecimal() else 0


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Set torch's number of CPU threads for the block, in this thread.

    Threads share sums among them, so their number determines the last bits of every picture.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def processor(device: str) -> str:
    """Return the processor's name and features, as far as they determine the bits of a result.

    It is part of cache keys, so that two machines can share a folder of results.
    """
    if not device.startswith("cpu"):
        import torch

        return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    name, features = _cpu()
    chosen = "".join(f" {key}={os.environ[key]}" for key in _CHOOSING if key in os.environ)
    return f"{name} {zlib.crc32(features.encode()):08x}{chosen}"


@cache
def cpu_features() -> frozenset[str]:
    """Return the names of the CPU's SIMD instruction sets, as Linux tells them."""
    return frozenset(_cpu()[1].split())


def _cpu() -> tuple[str, str]:
    """Return the CPU's name and its SIMD instruction sets."""
    facts: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
    flags = facts.get("flags", facts.get("Features", ""))
    wide = ("sse", "ssse", "avx", "fma", "f16c", "amx", "sve", "asimd", "neon", "bf16")
    name = facts.get("model name") or platform.processor() or platform.machine()
    return name, " ".join(sorted(flag for flag in flags.split() if flag.startswith(wide)))


def pick_device(wanted: str | None = None) -> str:
    """Return the torch device to use: the one wanted, else cuda, else mps, else cpu.

    Cost: torch is imported only if there may be a GPU.
    """
    if wanted:
        return wanted
    if _is_without_gpu():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@cache
def cuda_count() -> int:
    """Return how many CUDA devices this process may use.

    Cost: on Linux the driver alone is asked; elsewhere torch is imported.
    """
    if _is_without_gpu():
        return 0
    if sys.platform != "linux":
        import torch

        return torch.cuda.device_count()
    driver, found = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
    is_told = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(found)) == 0
    return found.value if is_told else 0


@cache
def _is_without_gpu() -> bool:
    """Return whether torch cannot find a GPU: it is built for CPUs, or CUDA has no driver here."""
    if sys.platform != "linux":
        return False
    build = metadata.version("torch").partition("+")[2]
    if build == "cpu":
        return True
    if build and not build.startswith("cu"):
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return True
    return False
