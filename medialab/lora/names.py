"""Names of layers: from those in LoRA files to those of a checkpoint's modules.

Files write a layer's path with dots or with underscores, in the names of diffusers or of the
original code. A part's modules are listed under every name that they may have; nothing is guessed.
The prefixes, and the original code's names, are data of the family.
"""

from typing import TYPE_CHECKING, Any

from medialab.families.base import LoRAKeys, LoRANames

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


def split_prefix(path: str, keys: LoRAKeys) -> tuple[str, str]:
    """Return the part that a layer's path in a file names ("" if unknown), and the rest."""
    for prefix, part in keys.prefixes.items():
        if path.startswith(prefix):
            return part, path.removeprefix(prefix)
    return keys.denoiser if path.startswith(keys.bare) else "", path


def plain(path: str) -> str:
    """Normalise a path for comparison: underscores for dots, without an encoder's wrapper."""
    return path.replace(".", "_").removeprefix("text_model_")


def modules_by_name(
    part: str, network: Any, names: LoRANames
) -> "dict[str, tuple[str, torch.nn.Module]]":
    """Return every module with a weight, under each name that a file may give it."""
    found = {}
    for path, module in network.named_modules():
        if getattr(module, "weight", None) is None:
            continue
        found[plain(path)] = (path, module)
        for ours, theirs in _OLD_NAMES.items():
            if path.endswith(ours):
                found[plain(path.removesuffix(ours) + theirs)] = (path, module)
        for name in names.other_names(part, path, network):
            found[plain(name)] = (path, module)
    return found
