"""Names of layers: from those in LoRA files to those of a checkpoint's modules.

Files write a layer's path with dots or with underscores, in the names of diffusers or of the
original code. A part's modules are listed under every name that they may have; nothing is guessed.
The prefixes, and the original code's names, are data of the family.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.families.base import LoRAKeys, LoRANames
from medialab.families.lora_rows import Rows

if TYPE_CHECKING:
    import torch

# The end of an attention layer's path -> its name in diffusers' first files.
_OLD_NAMES = {
    ".to_out.0": ".to_out",
    ".self_attn.q_proj": ".self_attn.to_q",
    ".self_attn.k_proj": ".self_attn.to_k",
    ".self_attn.v_proj": ".self_attn.to_v",
    ".self_attn.out_proj": ".self_attn.to_out",
}


class Target(NamedTuple):
    """A module that a layer in a file changes.

    Attributes:
        path: Its path in diffusers' names.
        module: The module.
        rows: The rows of the file's layer that are the module's; None for all of them.
    """

    path: str
    module: "torch.nn.Module"
    rows: Rows | None = None


def split_prefix(path: str, keys: LoRAKeys) -> tuple[str, str]:
    """Return the part that a layer's path in a file names ("" if unknown), and the rest."""
    for prefix, part in keys.prefixes.items():
        if path.startswith(prefix):
            return part, path.removeprefix(prefix)
    return keys.denoiser if path.startswith(keys.bare) else "", path


def plain(path: str) -> str:
    """Normalise a path for comparison: underscores for dots, without an encoder's wrapper."""
    return path.replace(".", "_").removeprefix("text_model_")


def modules_by_name(part: str, network: Any, names: LoRANames) -> dict[str, list[Target]]:
    """Return every module with a weight, under each name that a file may give it.

    Under the name of a layer that files have joined are several modules.
    """
    found: dict[str, list[Target]] = {}
    for path, module in network.named_modules():
        if getattr(module, "weight", None) is None:
            continue
        whole = Target(path, module)
        found[plain(path)] = [whole]
        for ours, theirs in _OLD_NAMES.items():
            if path.endswith(ours):
                found[plain(path.removesuffix(ours) + theirs)] = [whole]
        for name in names.other_names(part, path, network):
            found[plain(name)] = [whole]
        for name, rows in names.in_joined(part, path, network):
            found.setdefault(plain(name), []).append(Target(path, module, rows))
    return found
