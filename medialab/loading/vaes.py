"""VAEs from models/vae: one that a person chose in place of the checkpoint's own.

Latents are a family's: any VAE of the family decodes them. A folder tells how its latents are
scaled; a single file does not, and is built after the checkpoint's own VAE, as A1111 loads its
weights into that (modules/sd_vae.py, load_vae).
"""

import json
import re
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.families.vaes import reads
from medialab.files.diffusers_folders import load_network
from medialab.files.headers import Header, read_header
from medialab.files.opening import opening
from medialab.files.part_configs import check_network
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.folders import read_config
from medialab.listing.info import ModelInfo
from medialab.listing.runnable import why_not
from medialab.loading.networks import LoadedNetwork, pick_dtype, placed, refuse
from medialab.process.threads import pick_device

if TYPE_CHECKING:
    import torch

_OF_ITSELF = re.compile(r"(^|\.)(encoder|decoder|quant_conv|post_quant_conv)\.")

_NEW_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD_ATTENTION = re.compile(rf"\.({'|'.join(_NEW_ATTENTION)})\.")


class LoadedVAE(LoadedNetwork):
    """A VAE in memory, and what was made for it."""

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self._cached: dict[str, Any] = {}

    def cached(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once and kept as long as the VAE is."""
        if name not in self._cached:
            self._cached[name] = make()
        return self._cached[name]

    def release(self) -> None:
        """Let go of the weights, and of that."""
        self._cached.clear()
        super().release()


def refuse_unfitting(info: ModelInfo, family: str = "") -> None:
    """Refuse, before any weight is read, a VAE of other latents than those of the families here.

    With a `family`, one whose latents that family does not read.

    Raises:
        ModelRefusedError: its latents have other channels or another size, or it is of a class that
            nothing here opens. The listing says the same.
    """
    is_file = info.path.is_file()
    if reason := why_not("vae", info.family, info.variant, is_file=is_file, written=info.format):
        raise ModelRefusedError(f"VAE {info.name!r} {reason}")
    if family and not reads(RUNNING[family], info.variant):
        message = (
            f"VAE {info.name!r} writes latents of {info.variant}, checkpoints of {family} read "
            f"{RUNNING[family].latents.told}: choose one made for it, or leave vae empty"
        )
        raise ModelRefusedError(message)


def facts_of_config(vae: Any) -> str:
    """What a single file that is built after this VAE depends on besides its bytes."""
    if vae is None:
        return ""
    facts = {name: value for name, value in vae.config.items() if not name.startswith("_")}
    return json.dumps(facts, sort_keys=True, default=str)


def load_vae(info: ModelInfo, like: Any, device: str | None = None) -> LoadedVAE:
    """Load a VAE for a device; by default the best one here.

    `like` is the checkpoint's own VAE, after whose config a single file is built.

    Raises:
        ModelRefusedError: a pickle, broken, or one whose latents or weights do not fit.
    """
    refuse(info)
    refuse_unfitting(info)
    device = pick_device(device)
    dtype = pick_dtype(device)
    advice = "; choose one made for the checkpoint's family, or leave vae empty"
    with opening(f"VAE {info.name!r}", advice):
        network = (
            _load_file(info, like, dtype) if info.path.is_file() else _load_folder(info, dtype)
        )
    for weight, value in network.named_parameters():
        if value.is_meta:
            raise ModelRefusedError(f"VAE {info.name!r} lacks {weight}; download it again")
    return LoadedVAE(placed(network, device))


def _load_folder(info: ModelInfo, dtype: "torch.dtype") -> Any:
    class_name = read_config(info.path / "config.json")["_class_name"]
    check_network(info.path, VAE_CONFIGS[class_name])
    return load_network(info.path, class_name, dtype)


def _load_file(info: ModelInfo, like: Any, dtype: "torch.dtype") -> Any:
    from diffusers import AutoencoderKL
    from safetensors.torch import load_file

    if not isinstance(like, AutoencoderKL):
        message = (
            f"VAE {info.name!r} is a single file, which tells no config, and the checkpoint's own "
            f"is a {type(like).__name__}: get it as a diffusers folder"
        )
        raise ModelRefusedError(message)
    # What the config has no place for would be left out without a word.
    held, room = _weights_of(read_header(info.path)), len(like.state_dict())
    if held != room:
        message = (
            f"VAE {info.name!r} holds {held} weights, where the checkpoint's own VAE has {room}: "
            "choose one made for the checkpoint's family, or leave vae empty"
        )
        raise ModelRefusedError(message)
    tensors = {_of_today(name): value for name, value in load_file(info.path).items()}
    with TemporaryDirectory() as folder:
        like.save_config(folder)
        return AutoencoderKL.from_single_file(
            tensors, config=folder, torch_dtype=dtype, local_files_only=True
        )


def _of_today(name: str) -> str:
    """A weight's name as diffusers writes it since 0.14, whose attention had other names before."""
    return _OLD_ATTENTION.sub(lambda found: f".{_NEW_ATTENTION[found[1]]}.", name)


def _weights_of(header: Header) -> int:
    """How many weights are the VAE's own; what trained it may lie in the file, too."""
    return sum(1 for name in header.shapes if _OF_ITSELF.search(name) and "loss." not in name)
