"""Encoded texts of a run in the cache of results: found again by later runs, and after a restart.

A prompt encoder may be larger than the denoiser, and encodes the same negative prompt for every
picture. What is stored is safetensors, under everything that decides it; a file that is torn, or
another's, counts as missing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from medialab.families.texts import Encoded
from medialab.runs.cache import StageCache
from medialab.runs.entries import broken_as
from medialab.runs.stage_keys import StageKey

STAGE = "an encoded text"  # in the cache, beside the results of the stages
VERSION = 1
_FACTS = "facts"


class BrokenTextError(ValueError):
    """The bytes are not a valid encoded text."""


@dataclass(frozen=True)
class EncodedTexts:
    """The encoded texts of one run's checkpoints.

    Attributes:
        cache: Holds them.
        environment: Versions, processor and device, as of the stages' keys.
        models: Content hashes of the checkpoint, its text encoders, and the inversions that prompts
            may name; by kind and name.
        device: The torch device that they are used on.
    """

    cache: StageCache
    environment: Mapping[str, str]
    models: Mapping[str, str | None] = field(default_factory=dict)
    device: str = "cpu"

    def of(self, models: Mapping[str, str | None], device: str) -> "EncodedTexts":
        """Return those of a checkpoint."""
        return replace(self, models=models, device=device)

    def recalled(self, facts: Mapping[str, Any], encode: Callable[[], Encoded]) -> Encoded:
        """Return a text as it was encoded before, or encode and store it.

        Args:
            facts: The text and all settings that decide its encoding, as plain JSON values.
            encode: Encodes it.
        """
        key = StageKey(STAGE, VERSION, facts, self.models, "", self.environment)
        found = self.cache.read(key, partial(decoded, device=self.device))
        if found is None:
            found = encode()
            self.cache.put(key, stored(found))
        return found


def stored(encoded: Encoded) -> bytes:
    """Return an encoded text as one safetensors file."""
    from safetensors.torch import save

    # Cloned, since safetensors refuses tensors that share memory.
    tensors = {
        name: value.detach().cpu().contiguous().clone() for name, value in encoded.values.items()
    }
    facts = {name: value for name, value in encoded._asdict().items() if name != "values"}
    return save(tensors, {_FACTS: json.dumps(facts)})


def decoded(content: bytes, device: str) -> Encoded:
    """Return the text that was stored; its tensors are on `device`.

    Raises:
        BrokenTextError: the bytes are not a valid encoded text.
    """
    from safetensors.torch import load

    with broken_as(BrokenTextError, "encoded text"):
        values = {name: value.to(device) for name, value in load(content).items()}
        length = int.from_bytes(content[:8], "little")
        facts = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_FACTS])
        inversions, notes = (tuple(map(str, facts[name])) for name in ("inversions", "notes"))
        tokens, chunks = int(facts["tokens"]), int(facts["chunks"])
    if not values:
        raise BrokenTextError("no encoded text: it has no tensor")
    return Encoded(values, tokens, chunks, inversions, notes)
