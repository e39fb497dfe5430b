"""How this process uses the machine: CPU threads, devices, and heavy imports ahead of need.

Cost: nothing on import; torch and diffusers are loaded by `preload`, about five seconds.
"""

import ctypes
import os
import platform
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from medialab.process.imports import ImportGate

# CPU threads that anybody may ask for: of 100,000 OpenMP ends the process.
MOST_THREADS = 512
_MOST_DIGITS = 9  # of a number in the environment that is looked at
_GATE = ImportGate()
# Environment variables by which libraries choose other ways to compute on a CPU, and so other bits.
_CHOOSING = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "OPENBLAS_CORETYPE",
    # By which fewer threads compute than are asked for.
    "MKL_DYNAMIC",
    "OMP_DYNAMIC",
    "OMP_THREAD_LIMIT",
)


def prefer_passive_threads() -> None:
    """Let idle OpenMP threads sleep instead of spin; works only before torch is imported.

    Spinning threads starve every other process: on two busy cores a forward of 41 ms took 4.5 s.
    A policy the user has set is left alone.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def guard_imports() -> None:
    """Until `preload` is done, let other threads' imports of the same libraries wait for it."""
    if not _is_preloaded():
        _GATE.close()


def preload() -> None:
    """Import what a picture needs that is not kept; does nothing the second time.

    One thread does it, others wait. One that failed is tried again by the next call.
    """
    with _GATE:
        if not _is_preloaded():
            with _without_warnings_of_transformers():
                # For the thousands of modules that these import.
                from diffusers import (  # noqa: F401
                    AutoPipelineForText2Image,
                    StableDiffusionPipeline,
                )
        _GATE.open()


def _is_preloaded() -> bool:
    """Whether all that `preload` asks for is there."""
    diffusers = sys.modules.get("diffusers")
    wanted = {"AutoPipelineForText2Image", "StableDiffusionPipeline"}
    return diffusers is not None and wanted <= vars(diffusers).keys()


@contextmanager
def _without_warnings_of_transformers() -> Iterator[None]:
    """It tells, in whatever cell stands there, that it will do without torchvision."""
    import transformers.utils.logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)


def physical_cores() -> int:
    """Cores this process may use, hyper-threads not counted twice."""
    import psutil

    allowed = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def default_threads() -> int:
    """CPU threads to compute with: those that `OMP_NUM_THREADS` says, else one a physical core.

    At most MOST_THREADS.
    """
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()[:_MOST_DIGITS]
    threads = int(said) if said.isdecimal() else 0
    return min(threads or physical_cores(), MOST_THREADS)


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """While it lasts torch computes with so many threads in this thread; afterwards as before.

    They share sums among them, so that their number decides the last bits of every picture.
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
    """What computes, as far as it decides bits: the processor's name and what it can do.

    A folder of results that two machines share holds those of both apart.
    """
    if not device.startswith("cpu"):
        import torch

        return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    name, features = _cpu()
    chosen = "".join(f" {key}={os.environ[key]}" for key in _CHOOSING if key in os.environ)
    return f"{name} {zlib.crc32(features.encode()):08x}{chosen}"


def _cpu() -> tuple[str, str]:
    """The CPU's name, and its instructions for computing with many numbers at once."""
    told: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            told.setdefault(key.strip(), value.strip())
    flags = told.get("flags", told.get("Features", ""))
    wide = ("sse", "ssse", "avx", "fma", "f16c", "amx", "sve", "asimd", "neon", "bf16")
    name = told.get("model name") or platform.processor() or platform.machine()
    return name, " ".join(sorted(flag for flag in flags.split() if flag.startswith(wide)))


def pick_device(wanted: str | None = None) -> str:
    """The torch device to use: the one wanted, else cuda, else mps, else cpu.

    Cost: torch is imported only where there may be a GPU.
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
def _is_without_gpu() -> bool:
    """Whether torch will find none: it is built for CPUs, or for CUDA without a driver here."""
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
