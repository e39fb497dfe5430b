"""VAEs of models/vae, which a person chose in place of the checkpoint's own.

Latents belong to a family: any VAE of the family decodes them. A folder's config says how its
latents are scaled; a single file has no config and is built after the checkpoint's own VAE, as
A1111 loads its weights into that (modules/sd_vae.py, load_vae).
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.families.flow.networks import network_of
from medialab.families.vae_files import VAE_NAMES
from medialab.families.vaes import reads
from medialab.files.diffusers_folders import load_network
from medialab.files.headers import Header, read_header
from medialab.files.opening import opening
from medialab.files.part_configs import check_network
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.folders import read_config
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.loading.networks import LoadedNetwork, move_to, pick_dtype, refuse
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

_VAE_WEIGHT = re.compile(r"(^|\.)(encoder|decoder|quant_conv|post_quant_conv)\.")

_NEW_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD_ATTENTION = re.compile(rf"\.({'|'.join(_NEW_ATTENTION)})\.")


class LoadedVAE(LoadedNetwork):
    """A VAE in memory, with results that were computed for it."""

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self._cached: dict[str, Any] = {}

    def cached(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the result of `make`, computed once and stored as long as the VAE is loaded."""
        if name not in self._cached:
            self._cached[name] = make()
        return self._cached[name]

    def release(self) -> None:
        """Release the weights and the stored results."""
        self._cached.clear()
        super().release()


def refuse_unfitting(info: ModelInfo, family: str = "") -> None:
    """Refuse a VAE whose latents do not fit, before any weight is read.

    Args:
        info: the VAE as the registry lists it.
        family: the name of the family that must read its latents; "": any family here.

    Raises:
        ModelRefusedError: its latents have other channels or another size, or nothing here opens
            its class. The listing says the same.
    """
    is_file = info.path.is_file()
    if reason := why_not("vae", info.family, info.variant, is_file=is_file, written=info.format):
        raise ModelRefusedError(f"VAE {info.name!r} {reason}")
    if family and not RUNNING[family].reads_vae_files:
        message = f"checkpoints of {family} draw with the VAE inside alone: leave vae empty"
        raise ModelRefusedError(f"VAE {info.name!r} cannot be used: {message}")
    if family and not reads(RUNNING[family], info.variant):
        message = (
            f"VAE {info.name!r} writes latents of {info.variant}, checkpoints of {family} read "
            f"{RUNNING[family].latents.description}: choose one made for it, or leave vae empty"
        )
        raise ModelRefusedError(message)


def facts_of_config(vae: Any) -> str:
    """Return the config of the VAE that a single file is built after, as JSON."""
    if vae is None:
        return ""
    facts = {name: value for name, value in vae.config.items() if not name.startswith("_")}
    return json.dumps(facts, sort_keys=True, default=str)


def load_vae(
    info: ModelInfo, like: Any, device: str | None = None, *, precision: str | None = None
) -> LoadedVAE:
    """Load a VAE onto a device.

    Args:
        info: the VAE as the registry lists it.
        like: the network of the checkpoint's own VAE, whose config a single file is built with.
        device: a torch device; by default the best one here.
        precision: one of `medialab.process.precisions`; by default the device's own.

    Raises:
        ModelRefusedError: a pickle, broken, or one whose latents or weights do not fit.
    """
    refuse(info)
    refuse_unfitting(info)
    device = pick_device(device)
    dtype = pick_dtype(device, precision)
    advice = "; choose one made for the checkpoint's family, or leave vae empty"
    with opening(f"VAE {info.name!r}", advice):
        network = (
            _load_file(info, like, dtype) if info.path.is_file() else _load_folder(info, dtype)
        )
    for weight, value in network.named_parameters():
        if value.is_meta:
            raise ModelRefusedError(f"VAE {info.name!r} lacks {weight}; download it again")
    return LoadedVAE(move_to(network, device))


def _load_folder(info: ModelInfo, dtype: "torch.dtype") -> Any:
    class_name = read_config(info.path / "config.json")["_class_name"]
    check_network(info.path, VAE_CONFIGS[class_name])
    return load_network(info.path, class_name, dtype)


def _load_file(info: ModelInfo, like: Any, dtype: "torch.dtype") -> Any:
    from diffusers import AutoencoderKL
    from safetensors.torch import load_file

    name = type(like).__name__
    if name in VAE_NAMES:
        with TemporaryDirectory() as folder:
            like.save_config(folder)
            return network_of(
                load_file(info.path), name, Path(folder), dtype, convert=VAE_NAMES[name]
            )
    if not isinstance(like, AutoencoderKL):
        message = (
            f"VAE {info.name!r} is a single file, which has no config, and the checkpoint's own "
            f"is a {type(like).__name__}: get it as a diffusers folder"
        )
        raise ModelRefusedError(message)
    # Weights that the config has no layer for would be dropped silently.
    count, expected = _weights_of(read_header(info.path)), len(like.state_dict())
    if count != expected:
        message = (
            f"VAE {info.name!r} holds {count} weights, where the checkpoint's own VAE has "
            f"{expected}: choose one made for the checkpoint's family, or leave vae empty"
        )
        raise ModelRefusedError(message)
    tensors = {_current_name(name): value for name, value in load_file(info.path).items()}
    with TemporaryDirectory() as folder:
        like.save_config(folder)
        return AutoencoderKL.from_single_file(
            tensors, config=folder, torch_dtype=dtype, local_files_only=True
        )


def _current_name(name: str) -> str:
    """Return a weight's current name in diffusers; attention layers were renamed in 0.14."""
    return _OLD_ATTENTION.sub(lambda found: f".{_NEW_ATTENTION[found[1]]}.", name)


def _weights_of(header: Header) -> int:
    """Count the VAE's own weights; the file may also hold the loss network it was trained with."""
    return sum(1 for name in header.shapes if _VAE_WEIGHT.search(name) and "loss." not in name)
