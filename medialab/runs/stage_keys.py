"""StageKey: everything that decides a stage's result."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.runs.key_differences import differences


@dataclass(frozen=True)
class StageKey:
    """Everything that decides the result of a stage.

    Attributes:
        stage: the stage's name.
        version: of the stage's code.
        settings: plain JSON values.
        models: content hashes by kind and name.
        before: the digest of the key of the stage before.
        environment: versions, dtype and device.
    """

    stage: str
    version: int
    settings: Mapping[str, Any]
    models: Mapping[str, str | None]
    before: str
    environment: Mapping[str, str]
    digest: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.label().encode()).hexdigest())

    def label(self) -> str:
        """Return the key as JSON, the same text for equal keys; 1, 1.0 and true are three values.

        Raises:
            TypeError: a setting is no plain value.
        """
        names = ("stage", "version", "settings", "models", "before", "environment")
        parts = {name: getattr(self, name) for name in names}
        return json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def difference(self, other: Mapping[str, Any]) -> list[str]:
        """Return the differences to another key in words.

        Args:
            other: a label that was read back.
        """
        return differences(json.loads(self.label()), other)


def is_label(label: Any) -> bool:
    """Return whether JSON is the label of a key, as `StageKey.difference` takes one."""
    parts = ("settings", "models", "environment")
    return (
        isinstance(label, dict)
        and all(isinstance(label.get(name), dict) for name in parts)
        and {"version", "before"} <= label.keys()
    )
