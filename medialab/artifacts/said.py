"""Settings and their differences in words."""

from collections.abc import Sequence
from typing import Any, Final

from medialab.stages import TITLES

_TEXTS: Final = ("prompt", "negative_prompt")
_WORDS: Final = {"loras": "LoRAs", "vae": "VAE"}
_NAME = 64  # characters of a stored picture's name
_MOST = 120  # characters of a value
_MOST_PARTS = 6  # that differ between two prompts, beyond which both are shown in full


def sentence_of(name: str, first: Any, second: Any, one: str, other: str) -> str:
    """Return how two pictures differ in a setting, as a sentence.

    Args:
        name: The setting's dotted name.
        first: The value of the first picture, and `second` that of the other.
        second: See `first`.
        one: The name of the first picture, and `other` that of the other.
        other: See `one`.
    """
    label = label_of(name)
    if name.endswith(".enabled"):
        runs, rests = (one, other) if first else (other, one)
        return f"{TITLES.get(name.partition('.')[0], name)} runs for {runs}, and not for {rests}."
    if name.rpartition(".")[2] in _TEXTS and isinstance(first, str) and isinstance(second, str):
        return f"The {label} differs: {_texts(first, second, one, other)}."
    title = _WORDS.get(label, label[:1].upper() + label[1:])
    return f"{title}: {said_of(first)} for {one}, {said_of(second)} for {other}."


def label_of(name: str) -> str:
    """Return a setting's name in words: "steps of Face"."""
    stage, dot, own = name.rpartition(".")
    words = own.replace("_", " ")
    return f"{words} of {TITLES.get(stage, stage)}" if dot else words


def said_of(value: Any) -> str:
    """Return a value in words."""
    if value is None or value in ("", (), []):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return _short(", ".join(map(_item, value)))
    text = str(value)
    return f"picture {text[:8]}" if len(text) == _NAME and " " not in text else _short(text)


def _item(item: Any) -> str:
    named = getattr(item, "name", None) or getattr(item, "model", None)
    weight = getattr(item, "weight", None)
    if named is None:
        return str(item)
    return str(named) if weight is None else f"{named} × {weight:g}"


def _texts(first: str, second: str, one: str, other: str) -> str:
    """Return which parts of two prompts differ, or both where most of them do."""
    mine, theirs = _parts(first), _parts(second)
    only = (
        [part for part in mine if part not in theirs],
        [part for part in theirs if part not in mine],
    )
    if not any(only):
        return "the same parts in another order"
    if not first or not second or max(map(len, only)) > _MOST_PARTS or len(only[0]) == len(mine):
        return f"“{_short(first) or 'none'}” for {one}, “{_short(second) or 'none'}” for {other}"
    shown = [f"“{_short(', '.join(parts))}”" if parts else "nothing of that" for parts in only]
    return f"{one} has {shown[0]}, {other} has {shown[1]}"


def _parts(text: str) -> Sequence[str]:
    return [part for piece in text.replace("\n", ",").split(",") if (part := piece.strip())]


def _short(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
