"""Loaded networks, such as a ControlNet's, and every load's choices: dtype and layout."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.files.headers import read_header
from medialab.files.opening import check_file, opening, refuse_pickle
from medialab.listing.folders import check_folder
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.process.installation import configs_folder
from medialab.process.memory import free_memory
from medialab.process.retries import in_float32
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

CONFIGS = configs_folder()


class LoadedNetwork:
    """One network in memory, such as a ControlNet: the one owner of its weights."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.nbytes = bytes_of([network])

    def in_float32(self) -> AbstractContextManager[None]:
        """Keep all weights in float32 within the block; afterwards every bit is as it was."""
        return in_float32(self.network)

    def release(self) -> None:
        """Release the weights."""
        self.network = None
        free_memory()


def load_controlnet(
    info: ModelInfo, device: str | None = None, configs: Path = CONFIGS
) -> LoadedNetwork:
    """Load a ControlNet's folder or file onto a device; by default the best one here.

    Raises:
        ModelRefusedError: a pickle, broken, or a single file of a family without a config here.
    """
    refuse(info)
    if reason := why_not(
        "controlnet", info.family, info.variant, is_file=info.path.is_file(), written=info.format
    ):
        raise ModelRefusedError(f"ControlNet {info.name!r} {reason}")
    device = pick_device(device)
    dtype = pick_dtype(device)
    family = RUNNING[info.family]
    with opening(f"ControlNet {info.name!r}"):
        if info.path.is_dir():
            network = family.opening.controlnet(info.path, dtype)
        else:
            network = family.opening.controlnet_file(info.path, dtype, configs / family.name)
    return LoadedNetwork(move_to(network, device))


def move_to(network: Any, device: str) -> Any:
    """Return the network on a device, ready to run, in the memory layout that is fastest there."""
    import torch

    network = network.to(device).eval()
    return network.to(memory_format=torch.channels_last) if device == "cpu" else network


def pick_dtype(device: str) -> "torch.dtype":
    """Return the dtype that a device computes fastest in natively."""
    import torch

    dtype: torch.dtype = getattr(torch, dtype_name(device))
    return dtype


def dtype_name(device: str) -> str:
    """Return the name of that dtype. Cost: torch is imported for a CUDA device only.

    CPUs stay at float32: without native bfloat16 they are 5 to 30 times slower in it (measured).
    """
    if not device.startswith("cuda"):
        return "float16" if device == "mps" else "float32"
    import torch

    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float16"


def refuse(info: ModelInfo) -> None:
    """Refuse a model that the listing refuses, even where it changed after it was listed.

    Raises:
        ModelRefusedError: a pickle, no regular file, broken, or gone.
    """
    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    refuse_pickle(info.path)
    if info.path.is_dir():
        check_folder(info.path)
    else:
        check_file(info.path)
        read_header(info.path)


def is_absent(network: Any) -> bool:
    """Return whether a network stands for a missing one: it has no weights."""
    return any(weight.is_meta for weight in network.parameters())


def bytes_of(components: Any) -> int:
    """Return the bytes of all weights; those shared by several layers count once."""
    import torch

    storages = {}
    for part in components:
        if isinstance(part, torch.nn.Module):
            for tensor in (*part.parameters(), *part.buffers()):
                if tensor.is_meta:
                    continue
                storage = tensor.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())
