"""LoRAs for transformers: layer names in files, of which some are several layers here, and blocks.

Files name a layer as diffusers does or as the original code does. A family gives the original
names as tables; nothing is guessed.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from medialab.errors import ConfigError, shown
from medialab.families.base import TEXT_BLOCK, LoRAKeys
from medialab.families.lora_rows import Rows, following, swapped

PART = "transformer"
# Prefix in a file -> its component; the first that matches is taken.
_PREFIXES: Mapping[str, str] = {
    "lora_unet__": PART,  # kohya's, of a transformer inside another module
    "lora_unet_": PART,
    "lora_transformer_": PART,
    "lycoris_": PART,
    "transformer.": PART,
    "model.diffusion_model.": PART,
    "diffusion_model.": PART,
    "base_model.model.": PART,
}
_NUMBER = re.compile(r"(?<=[a-z]\.)\d+(?=\.)")
_FUSED = {
    # diffusers' own names, of transformers whose projections it has fused.
    "to_qkv": ("to_q", "to_k", "to_v"),
    "to_added_qkv": ("add_q_proj", "add_k_proj", "add_v_proj"),
}


@dataclass(frozen=True)
class TransformerLoRAs:
    """The names of a transformer's and its text encoders' layers in LoRA files.

    In the tables, N stands for a block's number.

    Attributes:
        names: A layer's name in the original code -> the same layer in diffusers.
        joined: A layer's name in the original code -> diffusers' layers, whose rows follow one
            another in it.
        halved: A layer's name in the original code -> the same layer in diffusers, whose scale and
            shift are the other way around.
        texts: Prefix of a text encoder's layers in files -> the text encoder's component.
        bare: Beginnings of the transformer's layer names that files have without a prefix.
        blocks: The numbers of blocks of each published size, by the blocks' name in diffusers.
        beginnings: Other beginnings of names -> those in diffusers that they stand for.
        foreign: Prefixes of other families' layers, of which no component of a checkpoint is.
    """

    names: Mapping[str, str]
    joined: Mapping[str, tuple[str, ...]]
    halved: Mapping[str, str]
    texts: Mapping[str, str]
    bare: tuple[str, ...]
    blocks: tuple[Mapping[str, int], ...]
    beginnings: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ("unet.",)

    @cached_property
    def keys(self) -> LoRAKeys:
        """The prefixes of layer names."""
        return LoRAKeys(PART, {**self.texts, **_PREFIXES}, self.bare)

    def other_names(self, part: str, path: str, network: Any) -> Iterator[str]:  # noqa: ARG002
        """Yield the original names of a whole layer."""
        if part == PART:
            pattern, number = _pattern(path)
            for theirs, ours in self.names.items():
                if ours == pattern:
                    yield _numbered(theirs, number)
            for theirs, ours in self.beginnings.items():
                if path.startswith(ours):
                    yield theirs + path.removeprefix(ours)

    def in_joined(self, part: str, path: str, network: Any) -> Iterator[tuple[str, Rows]]:
        """Yield the original names of layers of which a module has some rows, and which."""
        if part != PART:
            return
        pattern, number = _pattern(path)
        for theirs, ours in self._joined_with(pattern):
            every = [network.get_submodule(_numbered(one, number)) for one in ours]
            sizes = [rows_of(one) for one in every]
            yield _numbered(theirs, number), following(sizes, ours.index(pattern))
        for theirs, halves in self.halved.items():
            if halves == pattern:
                size = rows_of(network.get_submodule(path))
                yield _numbered(theirs, number), swapped(size)

    def _joined_with(self, pattern: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the joined layers that a module belongs to, and all modules of each."""
        for theirs, ours in self.joined.items():
            if pattern in ours:
                yield theirs, ours
        block, _, last = pattern.rpartition(".")
        for theirs, names in _FUSED.items():
            if last in names:
                yield f"{block}.{theirs}", tuple(f"{block}.{one}" for one in names)

    def read_block_weights(self, text: str) -> Mapping[str, float]:
        """Return the weight of each block, from ALL, NONE or a list with commas between.

        A list begins with the text encoders' weight, and goes on with a number for each block.

        Raises:
            ConfigError: there is no preset of that name, or no list of that length.
        """
        lists = [[TEXT_BLOCK, *_blocks_of(one)] for one in self.blocks]
        if (preset := {"ALL": 1.0, "NONE": 0.0}.get(text.strip().upper())) is not None:
            return {name: preset for one in lists for name in one}
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        fitting = [one for one in lists if len(one) == len(numbers)]
        if not fitting or not all(map(math.isfinite, numbers)):
            told = " or ".join(
                f"{len(one)} numbers ({_described(blocks)})"
                for one, blocks in zip(lists, self.blocks, strict=True)
            )
            message = f"lbw={shown(text)}: give {told} with commas between, or ALL or NONE"
            raise ConfigError(message)
        return dict(zip(fitting[0], numbers, strict=True))

    def block_of(self, path: str, network: Any) -> str | None:  # noqa: ARG002
        """Return the block of a module of the transformer; None for what is in none."""
        blocks, _, rest = path.partition(".")
        number = rest.partition(".")[0]
        is_one = any(blocks in sizes for sizes in self.blocks) and number.isdecimal()
        return f"{blocks}.{number}" if is_one else None


def _numbered(pattern: str, number: str) -> str:
    """Return a name with its block's number in place of N."""
    return pattern.replace(".N.", f".{number}.")


def _blocks_of(sizes: Mapping[str, int]) -> Iterator[str]:
    for blocks, count in sizes.items():
        yield from (f"{blocks}.{number}" for number in range(count))


def rows_of(module: Any) -> int:
    """Return a layer's number of outputs, whatever its weight is stored as."""
    outputs = getattr(module, "out_features", None)
    return int(outputs if outputs is not None else module.weight.shape[0])


def _pattern(path: str) -> tuple[str, str]:
    """Return a module's path with N for its block's number, and the number."""
    match = _NUMBER.search(path)
    if match is None or not path[: match.start()].endswith(_BLOCKS):
        return path, ""
    return f"{path[: match.start()]}N{path[match.end() :]}", match[0]


_BLOCKS = ("blocks.", "layers.", "refiner.", "norms.")


def _described(sizes: Mapping[str, int]) -> str:
    counts = ", ".join(f"{count} {blocks}" for blocks, count in sizes.items())
    return f"text encoders, {counts}"
