"""Values in a few words, for the edges of a grid and the rows of a list."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

# Values without an end that are written in full in a label.
_LONGEST_LABEL = 40  # characters


def labels_of(values: Sequence[Any]) -> list[str]:
    """Return values in a few words each; those that begin alike, by where they differ."""
    labels = [label_of(value) for value in values]
    alike: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        if label.endswith("…") and isinstance(values[place], str):
            alike.setdefault(label, []).append(place)
    for places in alike.values():
        texts = [values[place] for place in places]
        pairs = zip(min(texts), max(texts), strict=False)
        start = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
        if start is None:  # equal, or one begins the other
            continue
        start = max(texts[0].rfind(" ", 0, start) + 1, start - _LONGEST_LABEL // 2)
        for place, text in zip(places, texts, strict=True):
            labels[place] = label_of(f"…{text[start:]}")
    return labels


def label_of(value: Any) -> str:
    """Return a value in a few words, for an edge of a grid."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(label_of, value)) or "none"
    if isinstance(value, Mapping):
        if "name" in value:  # such as a LoRA
            weight = value.get("weight")
            return str(value["name"]) if weight is None else f"{value['name']} {_weight(weight)}"
        return ", ".join(f"{_last(name)} {label_of(one)}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    text = "automatic" if value is None else str(value)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"


def _weight(weight: Any) -> str:
    """Return a LoRA's weight, which may be text of a file, in a few digits."""
    with suppress(TypeError, ValueError):  # it is refused where it is read
        return f"{float(weight):g}"
    return str(weight)


def _last(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")
