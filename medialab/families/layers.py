"""Signatures: how families are told apart by names of layers that must, and must not, be there.

One kind of rule for whole files, bare denoisers, LoRAs and ControlNets, since all of them name the
same layers. A name is written as its publisher writes it, with N for a block's number; in files it
may have dots or underscores. A signature fits when one of its marks is there and nothing speaks
against it.

Source: diffusers 0.42 loaders/single_file_utils.py and lora_conversion_utils.py; SwarmUI
src/Text2Image/T2IModelClassSorter.cs; kohya's sd-scripts and musubi-tuner for the LoRAs' names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# All of a mark's names have to be there. "^" is where a layer's path begins.
Mark = tuple[str, ...]


class Side(NamedTuple):
    """Numbers that a layer's inputs or outputs have in a family."""

    name: str
    of: str  # "in" or "out"
    numbers: frozenset[int]


def into(name: str, *numbers: int) -> Side:
    """Return the side of a layer that is read, with the numbers that it has in a family."""
    return Side(name, "in", frozenset(numbers))


def out_of(name: str, *numbers: int) -> Side:
    """Return the side of a layer that is written, with the numbers that it has in a family."""
    return Side(name, "out", frozenset(numbers))


@dataclass(frozen=True)
class Signature:
    """A rule that tells a family: any of `marks`, none of `without`, and sides of layers.

    `needs` lists sides of which at least one has to be there with its number; `unlike` sides that
    must not be. `last` are the highest numbers that blocks have: at most, or `exactly`; `never` are
    those that tell another family.
    """

    marks: tuple[Mark, ...]
    without: tuple[str, ...] = ()
    needs: tuple[Side, ...] = ()
    unlike: tuple[Side, ...] = ()
    last: Mapping[str, int] = field(default_factory=dict)
    exactly: Mapping[str, int] = field(default_factory=dict)
    never: tuple[Mapping[str, int], ...] = ()


# What a denoiser's layer may be prefixed with; the first that fits is taken away.
_PREFIXES = (
    *("lora_unet__", "lora_unet_", "lora_transformer_", "lycoris_", "base_model.model."),
    *("model.diffusion_model.", "diffusion_model.", "transformer.", "unet.", "net.", "model."),
)
_PREFIX = re.compile(r"^(?:" + "|".join(map(re.escape, _PREFIXES)) + ")", re.MULTILINE)
_NUMBER = re.compile(r"((?:blocks|layers|refiner)_)\d+(?=_)")
_DOWN = ("lora_down", "lora_A", ".down.", "lora1.down", "hada_w1_b", "lokr_w1_b")
_UP = ("lora_up", "lora_B", ".up.", "hada_w1_a")


class Layers:
    """The names of a file's layers, made comparable: without prefixes, dots and block numbers."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        names = "\n".join(shapes)
        self._raw = names
        self._short = _PREFIX.sub("", names)
        flat = _NUMBER.sub(r"\1N", self._short.replace(".", "_"))
        self._plain = dict(zip(shapes, flat.split("\n"), strict=False)) if shapes else {}
        self._text = "\n" + "\n".join(dict.fromkeys(flat.split("\n"))) + "\n"
        self._shapes = shapes

    def show(self, signature: Signature) -> bool:
        """Return whether all that a signature asks for is there, and nothing against it."""
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
        """Return whether these blocks have just these highest numbers."""
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
        """Return the highest number of these blocks; -1 where there are none."""
        found = re.findall(rf"^{blocks}[._](\d{{1,4}})[._]", self._short, re.MULTILINE)
        return max(map(int, found), default=-1)


def _plain(name: str) -> str:
    return name.replace("^", "\n").replace(".", "_")


def _given(name: str) -> str:
    """Return which sides of its layer a tensor shows: "in", "out" or "both"."""
    if any(mark in name for mark in _DOWN):
        return "in"
    if any(mark in name for mark in _UP):
        return "out"
    return "both" if name.endswith((".weight", ".diff")) else ""
