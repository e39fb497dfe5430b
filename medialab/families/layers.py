"""Signatures: rules over layer names and sizes that distinguish families.

The same rules serve whole files, bare denoisers, LoRAs and ControlNets, since all of them name the
same layers. A rule writes a name as its publisher does, with N for a block's number; files may have
dots or underscores. A signature matches if one of its marks is present and no condition excludes
it.

Source: diffusers 0.42 loaders/single_file_utils.py and lora_conversion_utils.py; SwarmUI
src/Text2Image/T2IModelClassSorter.cs; kohya's sd-scripts and musubi-tuner for the LoRAs' names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Layer names that must all be present. "^" marks the beginning of a path; "=" at the start, a part
# of a name exactly as the file has it.
Mark = tuple[str, ...]


class Side(NamedTuple):
    """A layer's number of inputs or outputs in a family.

    Attributes:
        name: The layer's name, as in a mark.
        of: "in" or "out".
        numbers: The numbers that it may have.
    """

    name: str
    of: str
    numbers: frozenset[int]


def into(name: str, *numbers: int) -> Side:
    """Return a layer's input side, with the sizes that it has in a family."""
    return Side(name, "in", frozenset(numbers))


def out_of(name: str, *numbers: int) -> Side:
    """Return a layer's output side, with the sizes that it has in a family."""
    return Side(name, "out", frozenset(numbers))


@dataclass(frozen=True)
class Signature:
    """A rule that recognises a family.

    Attributes:
        marks: At least one of these must be present.
        without: Names of which none may be present.
        needs: Sides of which at least one must be present with its size.
        unlike: Sides of which none may be present with its size.
        last: The highest number that blocks of a name may have.
        exactly: The highest number that blocks of a name must have.
        never: Sets of highest numbers that belong to another family.
    """

    marks: tuple[Mark, ...]
    without: tuple[str, ...] = ()
    needs: tuple[Side, ...] = ()
    unlike: tuple[Side, ...] = ()
    last: Mapping[str, int] = field(default_factory=dict)
    exactly: Mapping[str, int] = field(default_factory=dict)
    never: tuple[Mapping[str, int], ...] = ()


# Prefixes of a denoiser's layers; the first that matches is removed.
_PREFIXES = (
    *("lora_unet__", "lora_unet_", "lora_transformer_", "lycoris_", "base_model.model."),
    *("model.diffusion_model.", "diffusion_model.", "transformer.", "unet.", "net.", "model."),
)
_PREFIX = re.compile(r"^(?:" + "|".join(map(re.escape, _PREFIXES)) + ")", re.MULTILINE)
_NUMBER = re.compile(r"((?:blocks|layers|refiner)_)\d+(?=_)")
_DOWN = ("lora_down", "lora_A", ".down.", "lora1.down", "hada_w1_b", "lokr_w1_b")
_UP = ("lora_up", "lora_B", ".up.", "hada_w1_a")


class Layers:
    """A file's layer names in comparable form: without prefixes, dots and block numbers.

    Args:
        shapes: The shape of each tensor, by its name in the file.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        names = "\n".join(shapes)
        self._raw = names
        self._short = _PREFIX.sub("", names)
        flat = _NUMBER.sub(r"\1N", self._short.replace(".", "_"))
        self._plain = dict(zip(shapes, flat.split("\n"), strict=False)) if shapes else {}
        self._text = "\n" + "\n".join(dict.fromkeys(flat.split("\n"))) + "\n"
        self._shapes = shapes

    def show(self, signature: Signature) -> bool:
        """Return whether a signature matches these layers."""
        return (
            any(all(map(self._has, mark)) for mark in signature.marks)
            and not any(map(self._has, signature.without))
            and (not signature.needs or any(map(self._has_side, signature.needs)))
            and not any(map(self._has_side, signature.unlike))
            and all(self._last(name) <= most for name, most in signature.last.items())
            and self._ends(signature.exactly)
            and not any(map(self._ends, signature.never))
        )

    def _ends(self, last: Mapping[str, int]) -> bool:
        """Return whether blocks of these names have exactly these highest numbers."""
        return all(self._last(name) == number for name, number in last.items())

    def _has(self, name: str) -> bool:
        if name.startswith("="):
            return name[1:] in self._raw
        return _plain(name) in self._text

    def _has_side(self, side: Side) -> bool:
        return any(number in side.numbers for number in self._sides(side))

    def _sides(self, side: Side) -> Iterator[int]:
        wanted = _plain(side.name)
        for name, shape in self._shapes.items():
            if shape and wanted in f"\n{self._plain[name]}" and _given(name) in {side.of, "both"}:
                # A norm has one side.
                yield shape[0] if side.of == "out" else shape[min(1, len(shape) - 1)]

    def _last(self, blocks: str) -> int:
        """Return the highest number of blocks of a name; -1 if there are none."""
        found = re.findall(rf"^{blocks}[._](\d{{1,4}})[._]", self._short, re.MULTILINE)
        return max(map(int, found), default=-1)


def _plain(name: str) -> str:
    return name.replace("^", "\n").replace(".", "_")


def _given(name: str) -> str:
    """Return the sides of its layer that a tensor's shape shows: "in", "out", "both" or ""."""
    if any(mark in name for mark in _DOWN):
        return "in"
    if any(mark in name for mark in _UP):
        return "out"
    return "both" if name.endswith((".weight", ".diff")) else ""
