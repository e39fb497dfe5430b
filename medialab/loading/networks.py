"""Loaded networks, such as a ControlNet's, and every load's choices: dtype and layout."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.files.gguf import SUFFIX as GGUF_FILE
from medialab.files.gguf import read_gguf_header
from medialab.files.headers import read_header
from medialab.files.opening import check_file, opening, refuse_pickle
from medialab.listing.folders import check_folder
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.process.installation import configs_folder
from medialab.process.memory import free_after
from medialab.process.precisions import WEIGHT_DTYPES, of_device
from medialab.process.retries import in_float32
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

CONFIGS = configs_folder()
# Numbers that are converted at once: 4 MB as float32. To wake a second thread, where threads sleep
# while they wait, takes as long as to convert 2**17.
_PIECE = 2**20


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
        free_after(self.nbytes)


def load_controlnet(
    info: ModelInfo,
    device: str | None = None,
    configs: Path = CONFIGS,
    *,
    precision: str | None = None,
) -> LoadedNetwork:
    """Load a ControlNet's folder or file onto a device; by default the best one here.

    Args:
        info: the ControlNet as the registry lists it.
        device: a torch device.
        configs: the folder of the families' configs.
        precision: one of `medialab.process.precisions`; by default the device's own.

    Raises:
        ModelRefusedError: a pickle, broken, or a single file of a family without a config here.
    """
    refuse(info)
    if reason := why_not(
        "controlnet", info.family, info.variant, is_file=info.path.is_file(), written=info.format
    ):
        raise ModelRefusedError(f"ControlNet {info.name!r} {reason}")
    device = pick_device(device)
    dtype = pick_dtype(device, precision)
    family = RUNNING[info.family]
    with opening(f"ControlNet {info.name!r}"):
        if info.path.is_dir():
            network = family.opening.controlnet(info.path, dtype)
        else:
            network = family.opening.controlnet_file(info.path, dtype, configs / family.name)
    return LoadedNetwork(move_to(network, device))


def move_to(network: Any, device: str) -> Any:
    """Return the network on a device, ready to run, in the memory layout that is fastest there."""
    network = network.to(device).eval()
    if device == "cpu":
        settle(network, channels_last=True)
    return network


def settle(
    network: Any, dtype: "torch.dtype | None" = None, *, channels_last: bool = False
) -> None:
    """Give a network its dtype and layout, each weight in one copy.

    One copy in place of two takes half the time, and leaves no fragments in memory: 0.7 GB for
    weights of 2.1 GB (measured).

    Args:
        network: A torch network.
        dtype: Another dtype for its weights; None to leave them theirs.
        channels_last: Whether convolutions are stored so: a CPU denoises 3 to 8 % faster, decodes
            13 % (measured). Networks that are made for videos stay as they are: their convolutions
            have no such layout.
    """
    import torch

    is_laid_out = channels_last and all(weight.ndim <= 4 for weight in network.parameters())
    if dtype == torch.bfloat16:
        _halves_to_bfloat16(network, is_laid_out=is_laid_out)
    changes: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if is_laid_out:
        changes["memory_format"] = torch.channels_last
    if changes:
        torch.nn.Module.to(network, **changes)  # diffusers' own warns of modules that are not there


def _halves_to_bfloat16(network: Any, *, is_laid_out: bool) -> None:
    """Convert a network's float16 weights, and lay its convolutions out, as `settle` says.

    torch converts one number after another between these two types. By way of float32, which
    changes no bit, and in pieces that stay in the processor's cache, it takes a third of the time,
    and three quarters where convolutions are laid out, too (measured).
    """
    import torch

    wide, narrow = torch.empty(_PIECE), torch.empty(_PIECE, dtype=torch.bfloat16)
    for weight in network.parameters():
        found = weight.data
        if found.dtype != torch.float16 or not found.is_cpu or not found.is_contiguous():
            continue
        if is_laid_out and found.ndim == 4 and found.numel() and found[0].numel() <= _PIECE:
            layout = torch.channels_last
            weight.data = torch.empty_like(found, dtype=torch.bfloat16, memory_format=layout)
            _fill_in_another_order(weight.data, found, wide, narrow)
        else:
            weight.data = torch.empty_like(found, dtype=torch.bfloat16)
            pieces = (one.view(-1).split(_PIECE) for one in (weight.data, found))
            for into, read in zip(*pieces, strict=True):
                into.copy_(wide[: len(read)].copy_(read))


def _fill_in_another_order(
    made: "torch.Tensor", found: "torch.Tensor", wide: "torch.Tensor", narrow: "torch.Tensor"
) -> None:
    """Copy a convolution's weights into those laid out anew, by way of two pieces of memory."""
    import torch

    many = len(wide) // found[0].numel()
    places = made.permute(0, 2, 3, 1).view(len(made), -1, made.shape[1])
    for into, read in zip(places.split(many), found.flatten(2).split(many), strict=True):
        between = wide[: read.numel()].view(read.shape).copy_(read)
        rounded = narrow[: read.numel()].view(read.shape).copy_(between)
        # As integers: torch copies those faster into another order than numbers of bfloat16.
        into.view(torch.int16).copy_(rounded.view(torch.int16).mT)


def pick_dtype(device: str, precision: str | None = None) -> "torch.dtype":
    """Return torch's dtype of a precision; without one, of the device's own."""
    import torch

    dtype: torch.dtype = getattr(torch, precision or of_device(device))
    return dtype


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
        is_gguf = info.path.suffix.lower() == GGUF_FILE
        (read_gguf_header if is_gguf else read_header)(info.path)


def refuse_weight_dtype(info: ModelInfo, weight_dtype: str) -> None:
    """Refuse to store quantised weights in another way.

    Raises:
        ModelRefusedError: the checkpoint's are, and are not to be as they are.
    """
    if info.stored and weight_dtype != WEIGHT_DTYPES[0]:
        message = (
            f"the weights of checkpoint {info.name!r} are {info.stored}, which "
            f"{weight_dtype} is not for: set weight_dtype to {WEIGHT_DTYPES[0]}"
        )
        raise ModelRefusedError(message).about("weight_dtype", (WEIGHT_DTYPES[0],))


def is_absent(network: Any) -> bool:
    """Return whether a network stands for a missing one: it has no weights."""
    first = next(network.parameters(), None)
    return first is not None and bool(first.is_meta)  # all weights are, or none


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
