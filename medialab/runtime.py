"""How this process uses the machine: CPU threads, and heavy imports ahead of need.

Cost: nothing on import; torch and diffusers are loaded by `preload`, about five seconds.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def prefer_passive_threads() -> None:
    """Let idle OpenMP threads sleep instead of spin; works only before torch is imported.

    Spinning threads starve every other process: on two busy cores a forward of 41 ms took 4.5 s.
    A policy the user has set is left alone.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def preload() -> None:
    """Import what the first picture needs, and set torch to one thread per physical core.

    Called first thing by the worker thread, so that imports are done by the time somebody presses
    Generate. `OMP_NUM_THREADS` wins over the count of cores.
    """
    import torch

    with _without_warnings_of_transformers():
        # For the thousands of modules that these import.
        from diffusers import AutoPipelineForText2Image, StableDiffusionPipeline  # noqa: F401

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(physical_cores())


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


def pick_device(wanted: str | None = None) -> str:
    """The torch device to use: the one wanted, else cuda, else mps, else cpu."""
    if wanted:
        return wanted
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
