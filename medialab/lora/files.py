"""Parsing of LoRA files: the tensors of each layer, by the part and path that the file names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.base import UNKNOWN
from medialab.families.kinds import BOFT, UNUSABLE_LORAS, classify
from medialab.families.lora_rows import Rows
from medialab.families.loras import keys_for
from medialab.files.digests import AUTOV3_DIGITS, noted_hash, sha256_of_tensors
from medialab.files.headers import read_header
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.files.tensors import as_numbers, read_tensors, refuse_whole_numbers
from medialab.lora.deltas import KINDS, kind_of
from medialab.lora.names import split_prefix
from medialab.lora.peft_scales import read_peft_scales, with_alpha

if TYPE_CHECKING:
    import torch

# The end of a tensor's name -> its leaf in `deltas`.
_ENDINGS: Mapping[str, str] = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".down.weight": "down",  # XLabs', after the name of a processor
    ".up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".lora_magnitude_vector.default.weight": "magnitude",
    ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector": "magnitude",
    ".dora_scale": "magnitude",
    ".alpha": "alpha",
    ".on_input": "on_input",
    ".oft_blocks": "oft",
    ".rescale": "rescale",
    ".diff_b": "diff_b",
    ".diff": "diff",
    ".w_norm": "diff",
    ".b_norm": "diff_b",
    **{
        f".{name}": name
        for name in (
            *(f"hada_{end}" for end in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")),
            *(f"lokr_{end}" for end in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")),
        )
    },
}
_BY_LENGTH = sorted(_ENDINGS, key=len, reverse=True)  # since some are the end of others
_OLD_PROCESSOR = re.compile(r"\.processor(?=\.)")


@dataclass(frozen=True)
class Layer:
    """One layer of a file.

    Attributes:
        part: The part of a pipeline, such as "text_encoder".
        path: The layer's name in that part, as the file writes it.
        leaves: Its tensors, by leaf name.
        rows: The rows of its ΔW that are a module's; None if all are, or the tensors have no other.
    """

    part: str
    path: str
    leaves: "Mapping[str, torch.Tensor]"
    rows: Rows | None = None

    @property
    def kind(self) -> str | None:
        """Its kind, such as "lora" or "loha"; None if that is not recognised."""
        leaf = kind_of(self.leaves)
        if leaf is None:
            return "bias" if "diff_b" in self.leaves else None
        return "dora" if "magnitude" in self.leaves else KINDS[leaf][0]

    @property
    def rank(self) -> int | None:
        """Its rank; None for kinds without one."""
        for leaf in ("down", "hada_w1_b", "lokr_w1_b", "lokr_w2_b"):
            if leaf in self.leaves:
                return int(self.leaves[leaf].shape[0])
        return None


@dataclass(frozen=True)
class LoRAFile:
    """A LoRA file in memory.

    Attributes:
        name: The file's name, without extension.
        layers: Its layers.
        strange: Names of tensors that belong to no known kind of layer.
        metadata: Its header's metadata.
        format: How its layers are named ("kohya", "diffusers" …).
        family: The models that it is made for, from its header.
        sha256: The file's SHA-256; empty if unknown.
        autov3: The 12 hex digits by which A1111 and CivitAI identify it.
    """

    name: str
    layers: tuple[Layer, ...]
    strange: tuple[str, ...]
    metadata: Mapping[str, str]
    format: str = UNKNOWN
    family: str = UNKNOWN
    sha256: str = ""
    autov3: str = ""

    @property
    def nbytes(self) -> int:
        """The size of its tensors, in bytes."""
        return sum(value.nbytes for layer in self.layers for value in layer.leaves.values())

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its layers, such as ("lora",) or ("dora", "lora")."""
        return tuple(sorted({layer.kind for layer in self.layers if layer.kind}))

    @property
    def rank(self) -> int | None:
        """The greatest rank of its layers; None if none has one."""
        return max((layer.rank for layer in self.layers if layer.rank), default=None)


def read_lora(path: Path, sha256: str = "") -> LoRAFile:
    """Read and parse a file.

    Args:
        path: The file.
        sha256: Its SHA-256; empty if unknown.

    Cost: reading the file, once or twice.

    Raises:
        ModelRefusedError: it is a pickle, damaged, not a LoRA, of an unsupported kind, or contains
            values that are not finite.
    """
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelRefusedError(refusal(path.name))
    header = read_header(path)
    verdict = classify(header)
    tensors = dict(read_tensors(path, f"LoRA {path.stem!r}"))
    try:
        autov3 = noted_hash(header.metadata) or sha256_of_tensors(path)
    except OSError as error:
        message = f"{path.name} cannot be read ({error}); copy the file again"
        raise ModelRefusedError(message) from error
    _refuse_unusable(path.stem, tensors)
    _refuse_misshapen(path.stem, tensors)
    return replace(
        parse_lora(path.stem, tensors, header.metadata, verdict.family),
        format=verdict.format,
        family=verdict.family,
        sha256=sha256,
        autov3=autov3[:AUTOV3_DIGITS],
    )


def _refuse_unusable(name: str, tensors: "Mapping[str, torch.Tensor]") -> None:
    """Refuse a LoRA of an unsupported kind, naming the kind."""
    kinds = [kind for mark, kind in UNUSABLE_LORAS.items() if any(mark in key for key in tensors)]
    # LyCORIS' BOFT has the OFT's name, and a stack of its blocks.
    if any(key.endswith(".oft_blocks") and value.ndim != 3 for key, value in tensors.items()):
        kinds.append(BOFT)
    if kinds:
        message = (
            f"LoRA {name!r} is {kinds[0]}, which is not supported; supported are LoRA, LoCon, "
            "LoHa, LoKr, DoRA, IA3, OFT and full differences"
        )
        raise ModelRefusedError(message)


def parse_lora(
    name: str,
    tensors: "Mapping[str, torch.Tensor]",
    metadata: Mapping[str, str],
    family: str = UNKNOWN,
) -> LoRAFile:
    """Group a file's tensors into layers.

    Args:
        name: The file's name, without extension.
        tensors: Its tensors, by their names in the file.
        metadata: Its header's metadata.
        family: Its family, recognised from the header.

    Raises:
        ModelRefusedError: it has no layer of a known kind, or a value is not finite.
    """
    what = f"LoRA {name!r}"
    found: dict[str, dict[str, torch.Tensor]] = {}
    strange = []
    for key, value in tensors.items():
        path, leaf = _split(key, tensors)
        if leaf:
            found.setdefault(path, {})[leaf] = as_numbers(value, what, key)
        else:
            strange.append(key)
    scales, keys = read_peft_scales(metadata), keys_for(family)
    layers = []
    for path, leaves in found.items():
        part, rest = split_prefix(path, keys)
        layer = Layer(part, rest, with_alpha(leaves, scales.get(part), rest))
        if layer.kind is None or not part:
            strange += [f"{path}: {leaf}" for leaf in leaves]
        else:
            layers.append(layer)
    if not layers:
        made_for = "" if family == UNKNOWN else f"; it is made for {family}"
        message = f"{name!r} holds no known LoRA layer{made_for}"
        raise ModelRefusedError(message)
    return LoRAFile(name, tuple(layers), tuple(strange), metadata)


# The least number of dimensions of a leaf; others have two, as a matrix.
_SIDES = {
    **dict.fromkeys(("alpha", "on_input"), 0),
    **dict.fromkeys(("magnitude", "diff_b", "ia3", "diff", "rescale"), 1),
    "oft": 3,
}


def _refuse_misshapen(name: str, tensors: "Mapping[str, torch.Tensor]") -> None:
    """Refuse a file with a tensor whose shape contradicts its name.

    Raises:
        ModelRefusedError: it has one; the message names the tensor.
    """
    for key, value in tensors.items():
        _, leaf = _split(key, tensors)
        if leaf is None:
            continue
        least = _SIDES.get(leaf, 2)
        is_one = least == 0 and value.numel() == 1
        if least:
            refuse_whole_numbers(value, f"LoRA {name!r}", key)
        if not is_one and (least == 0 or value.numel() == 0 or value.ndim < least):
            message = (
                f"LoRA {name!r} holds a tensor of shape {tuple(value.shape)} ({key}), which no "
                "layer can have; get another copy"
            )
            raise ModelRefusedError(message)


def _split(key: str, tensors: "Mapping[str, Any]") -> tuple[str, str | None]:
    """Return a tensor's layer and leaf; the leaf is None if the end of the name is unknown."""
    for ending in _BY_LENGTH:
        if key.endswith(ending):
            return _OLD_PROCESSOR.sub("", key.removesuffix(ending)), _ENDINGS[ending]
    layer = key.removesuffix(".weight")
    if f"{layer}.on_input" in tensors:
        return layer, "ia3"
    return key, None
