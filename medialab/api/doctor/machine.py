"""This machine: its system, processor, memory and GPUs, as far as they decide its speed."""

import os
import platform
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from medialab.process.memory import free_bytes, total_bytes
from medialab.process.threads import cpu_features, default_threads, physical_cores, processor

# Instruction sets that decide how fast torch computes, the fastest first.
_TELLING = (
    *("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx2", "fma"),
    *("sve2", "sve", "bf16", "asimdhp", "asimd"),
)
_DRIVER = Path("/proc/driver/nvidia")


@dataclass(frozen=True)
class Machine:
    """What the machine has.

    Attributes:
        system: the operating system and Python.
        processor: its name.
        features: those of its instruction sets that matter for speed.
        cores: physical cores that this process may use.
        logical: logical ones of the whole machine.
        threads: that the studio computes with.
        threads_asked: what OMP_NUM_THREADS says; "" if it is not set.
        memory_bytes: all of it, within the limits of container and process.
        free_bytes: what can be allocated now.
        load: processes that compute or wait to, a minute's mean; None where the system has none.
        nvidia: the NVIDIA cards that the system's driver lists, whether or not torch can use them.
    """

    system: str
    processor: str
    features: tuple[str, ...]
    cores: int
    logical: int
    threads: int
    threads_asked: str
    memory_bytes: int
    free_bytes: int
    load: float | None
    nvidia: tuple[str, ...]


def this_machine() -> Machine:
    """Look at this machine. Cost: some milliseconds; torch is not imported."""
    name = re.sub(r" [0-9a-f]{8}( .*)?$", "", processor("cpu"))  # without the cache keys' digest
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return Machine(
        system=f"{_system()}, Python {platform.python_version()}",
        processor=name,
        features=tuple(one for one in _TELLING if one in cpu_features()),
        cores=physical_cores(),
        logical=psutil.cpu_count() or 1,
        threads=default_threads(),
        threads_asked=asked if re.fullmatch(r"[\d,]{1,9}", asked) else asked and "no number",
        memory_bytes=total_bytes(),
        free_bytes=free_bytes(),
        load=_load(),
        nvidia=_nvidia_cards(),
    )


def _system() -> str:
    """Return the system's name and version: two numbers, since a kernel's may name its maker."""
    version = re.match(r"\d+(\.\d+)?", platform.release())
    kind = "WSL" if "microsoft" in platform.release().lower() else platform.system()
    return f"{kind} {version.group() if version else ''} {platform.machine()}".replace("  ", " ")


def _load() -> float | None:
    """Return the mean of the last minute; None where the system tells none."""
    try:
        return round(os.getloadavg()[0], 1)
    except (AttributeError, OSError):  # on Windows; in a container without /proc/loadavg
        return None


def _nvidia_cards() -> tuple[str, ...]:
    """Return the names of the cards that NVIDIA's driver lists (Linux)."""
    found = []
    if sys.platform == "linux":
        for file in sorted(_DRIVER.glob("gpus/*/information")):
            with suppress(OSError):
                named = re.search(r"Model:\s*(.+)", file.read_text(errors="replace"))
                found.append(named.group(1).strip() if named else "NVIDIA card")
    return tuple(found)
