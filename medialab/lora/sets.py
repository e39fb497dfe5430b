"""A requested set of LoRAs, grouped by the modules of a checkpoint that it changes."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from medialab.errors import ConfigError
from medialab.families.base import TEXT_BLOCK
from medialab.families.loras import read_block_weights
from medialab.lora.fitting import Fit
from medialab.lora.patches import Dial, Part


@dataclass(frozen=True)
class LoRAUse:
    """A requested LoRA: its file, its weights and its steps.

    Attributes:
        path: The file.
        weight: The weight in the denoiser; any finite number, negative ones reverse the effect.
        text_encoder: The weight in the prompt encoders; None for the same.
        block_weights: A preset or numbers, in the syntax of the checkpoint's family.
        start: Share of the steps, 0 to 1, from which it applies. Prompts are encoded before the
            first step, so only a LoRA that starts at 0 affects them.
        stop: Share of the steps, 0 to 1, at which it ends.

    Raises:
        ConfigError: a value is out of range.
    """

    path: Path
    weight: float = 1.0
    text_encoder: float | None = None
    block_weights: str | None = None
    start: float = 0.0
    stop: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.weight, self.text_encoder or 0.0)
        if not all(map(math.isfinite, numbers)) or not 0 <= self.start <= self.stop <= 1:
            message = (
                f"LoRA {self.path.stem!r}: weights must be finite numbers and "
                f"0 <= start <= stop <= 1; got {numbers}, {self.start} to {self.stop}"
            )
            raise ConfigError(message)
        if self.block_weights is not None:
            read_block_weights(self.block_weights)


class Member:
    """One LoRA of a set: its settings, its fit, and whether it is on at the moment."""

    def __init__(self, use: LoRAUse, fit: Fit) -> None:
        self.fit = fit
        self.dial = Dial(use.start, use.stop)
        self.is_timed = (use.start, use.stop) != (0.0, 1.0)
        self._use = use
        self._blocks: Mapping[str, float] = (
            {} if use.block_weights is None else fit.read_block_weights(use.block_weights)
        )

    @cached_property
    def text_weight(self) -> float:
        """Its weight in the prompt encoders."""
        use = self._use
        weight = use.weight if use.text_encoder is None else use.text_encoder
        return weight * self._blocks.get(TEXT_BLOCK, 1.0)

    def share(self, part: str, path: str) -> float:
        """Return its weight in one layer, given the part and the module's path."""
        if part != self.fit.denoiser:
            return self.text_weight
        block = self.fit.block_of(path)
        return self._use.weight * (1.0 if block is None else self._blocks.get(block, 1.0))

    def text_key(self, parts: Sequence[str]) -> Hashable:
        """Return a key for how it affects encoded prompts; None if it does not affect them."""
        reaches = any(
            layer.part != self.fit.denoiser and layer.part in parts
            for _, _, layer in self.fit.places
        )
        counts = reaches and self.dial.on and self.text_weight
        return (self.fit.file.sha256, self.text_weight) if counts else None


class Entry(NamedTuple):
    """One LoRA's layer for a module; `key` identifies the layer and its weight."""

    part: Part
    key: Hashable
    is_timed: bool
    file: str


class Place(NamedTuple):
    """A module, and the layers of a set that change it."""

    part: str
    path: str
    module: Any
    entries: list[Entry]


def places_of(members: Sequence[Member], parts: Sequence[str]) -> list[Place]:
    """Return the modules that a set changes, in the order in which its files name them."""
    found: dict[tuple[str, str], Place] = {}
    for member in members:
        for path, module, layer in member.fit.places:
            share = member.share(layer.part, path)
            if layer.part in parts and share:
                place = found.setdefault((layer.part, path), Place(layer.part, path, module, []))
                key = (member.fit.file.sha256, layer.path, share)
                part = Part(member.dial, layer, share)
                place.entries.append(Entry(part, key, member.is_timed, member.fit.file.name))
    return list(found.values())
