"""Names of devices, as a person writes them: checked before the process of any is started.

>>> read_devices("cpu, cpu")
('cpu', 'cpu')
"""

import os
import sys
from collections.abc import Sequence

from medialab.errors import ConfigError, shown
from medialab.process.threads import cuda_count, default_threads

VARIABLE = "MEDIALAB_DEVICES"
_ALL = "all"
_MOST = 64  # processes of one machine


def chosen_devices() -> tuple[str, ...] | None:
    """Return the devices that MEDIALAB_DEVICES names, as `read_devices`; None if it is not set.

    Raises:
        ConfigError: as `read_devices`.
    """
    text = os.environ.get(VARIABLE, "").strip()
    return read_devices(text) if text else None


def read_devices(asked: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of devices. Cost: CUDA's driver is asked, if a CUDA device is named.

    Args:
        asked: Names, as a list or separated by commas: `cpu`, `cuda:0`, `mps`; `all` for every
            CUDA device of this machine. A device that is named twice has two processes.

    Raises:
        ConfigError: there is no such device here, none is named, or they are of several kinds.
    """
    if not isinstance(asked, Sequence):
        message = f"devices: {shown(asked)} is no list of names; write cuda:0,cuda:1 or all"
        raise ConfigError(message).about("devices")
    words = asked.split(",") if isinstance(asked, str) else [str(one) for one in asked]
    names = [one.strip() for one in words if one.strip()]
    if names == [_ALL]:
        names = [f"cuda:{number}" for number in range(cuda_count())]
        if not names:
            message = "devices: all CUDA devices are asked for, and none is here; known: "
            raise ConfigError(message + ", ".join(_known())).about("devices")
    if not 0 < len(names) <= _MOST:
        message = f"devices: {len(names)} are named; name 1 to {_MOST}, such as cuda:0,cuda:1"
        raise ConfigError(message).about("devices")
    names = ["cuda:0" if one == "cuda" else one for one in names]
    known = _known() if {*names} != {"cpu"} else ["cpu"]
    if unknown := [one for one in names if one not in known]:
        message = f"devices: there is no {shown(unknown[0])} here; known: {', '.join(known)}"
        raise ConfigError(message).about("devices", known)
    if len({one.partition(":")[0] for one in names}) > 1:
        message = f"devices: {', '.join(names)} give other last bits; name devices of one kind"
        raise ConfigError(message).about("devices")
    return tuple(names)


def threads_each(devices: Sequence[str | None]) -> int | None:
    """Return the CPU threads of each device's process; None where it has as many as this one.

    Processes that compute on the CPU share its cores. Those of GPUs have nothing to share, and
    keep the number with which a workbench without them makes the same pictures.
    """
    sharing = sum(one == "cpu" for one in devices)
    return max(1, default_threads() // sharing) if sharing > 1 else None


def _known() -> list[str]:
    """Return the names of this machine's devices."""
    cuda = [f"cuda:{number}" for number in range(cuda_count())]
    return ["cpu", *cuda, *(["mps"] if sys.platform == "darwin" else [])]
