"""Scales of LoRAs that diffusers writes into a file's metadata, as PEFT's settings."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch


class PeftScale(NamedTuple):
    """The scale of a LoRA that diffusers wrote into the metadata, not beside the tensors.

    Attributes:
        alpha: The alpha of all layers without one of their own.
        patterns: The end of a layer's path -> the layer's own alpha.
        by_root: Whether it is rank-stabilised: divided by the square root of the rank.
    """

    alpha: float
    patterns: Mapping[str, float]
    by_root: bool

    def of(self, path: str, rank: int) -> float:
        """Return the alpha that, divided by the rank, gives a layer's scale.

        Source: PEFT tuners/lora/layer.py update_layer, utils get_pattern_key.
        """
        ends = (key for key in self.patterns if f".{path}".endswith(f".{_plain_end(key)}"))
        key = next(ends, None)
        alpha = self.alpha if key is None else self.patterns[key]
        return alpha * math.sqrt(rank) if self.by_root else alpha


def _plain_end(pattern: str) -> str:
    """Return the layer's name in a pattern, which in PEFT is a regular expression.

    All known files contain plain names, and running a file's expression could take for ever.
    """
    return pattern.removeprefix("^").removesuffix("$").replace("\\.", ".")


def read_peft_scales(metadata: Mapping[str, str]) -> dict[str, PeftScale]:
    """Return the scales in a file's metadata, by part; empty if there are none."""
    try:
        settings = json.loads(metadata.get("lora_adapter_metadata", "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(settings, dict):
        return {}
    parts = [key.removesuffix(".lora_alpha") for key in settings if key.endswith(".lora_alpha")]
    # A part whose scale cannot be read takes none of the others'.
    found = {part: _scale_of(part, settings) for part in parts}
    return {part: scale for part, scale in found.items() if scale is not None}


def _scale_of(part: str, settings: Mapping[str, Any]) -> PeftScale | None:
    """Return the scale of one part; None if its settings are not PEFT's."""
    try:
        patterns = dict(settings.get(f"{part}.alpha_pattern") or {})
        return PeftScale(
            _finite(settings[f"{part}.lora_alpha"]),
            {str(end): _finite(one) for end, one in patterns.items()},
            settings.get(f"{part}.use_rslora") is True,
        )
    except (ValueError, TypeError, OverflowError):
        return None


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        message = f"{number} is not a scale"
        raise ValueError(message)
    return number


def with_alpha(
    leaves: "dict[str, torch.Tensor]", scale: PeftScale | None, path: str
) -> "dict[str, torch.Tensor]":
    """Return a layer's tensors with the alpha that the metadata has for it, if it has none."""
    import torch

    if scale is None or "alpha" in leaves or "down" not in leaves:
        return leaves
    return leaves | {"alpha": torch.tensor(scale.of(path, leaves["down"].shape[0]))}
