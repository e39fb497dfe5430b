"""The differences between the keys of two results, in words: why a stage would run again."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from medialab.process.precisions import WEIGHT_DTYPES
from medialab.process.versions import OPTIONAL

_MOST: Final = 40  # characters of a value
_CONTEXT: Final = 12  # characters before the first that differs, where the beginning is left out
# What holds where an environment does not name a thing.
_LEFT_OUT: Final = {
    "settings of torch": "usual",
    "step cache": "off",
    "together": "alone",
    "weights": WEIGHT_DTYPES[0],
    **dict.fromkeys(OPTIONAL, "not installed"),
}


def differences(mine: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return how a key differs from another, in words; empty if they are equal.

    Args:
        mine: The parts of a key, in plain JSON values.
        other: Those of the other one, which another version may have written.
    """
    found = []
    for name in _differing(mine["settings"], other["settings"]):
        old, new = other["settings"].get(name), mine["settings"].get(name)
        found.append(f"{name}: {_change(old, new)}")
    for name in _differing(mine["models"], other["models"]):
        if name not in other["models"]:
            found.append(f"{name} was not used")
        elif name not in mine["models"]:
            found.append(f"{name} is not used any more")
        else:
            found.append(f"{name} is another file")
    for name in _differing(mine["environment"], other["environment"]):
        left_out = _LEFT_OUT.get(name, "unknown")
        old, new = (one["environment"].get(name, left_out) for one in (other, mine))
        found.append(f"{name} {old} → {new}")
    if mine["version"] != other["version"]:
        found.append("the stage itself is newer")
    if mine["before"] != other["before"]:
        found.append("a stage before it changed")
    return found


def _differing(mine: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names whose values differ, also those that only one of the two has."""
    for name in dict.fromkeys([*mine, *other]):
        values = [_as_json(one[name]) if name in one else "" for one in (mine, other)]
        if values[0] != values[1]:  # 1, 1.0 and true differ
            yield name


def _change(old: Any, new: Any) -> str:
    """Return both values in words, or in JSON where the words are the same."""
    for texts in ([_said(old), _said(new)], [_as_json(old), _as_json(new)]):
        if texts[0] != texts[1]:
            break
    old_said, new_said = map(_cut, texts)
    if old_said == new_said:  # long ones, which differ later
        pairs = enumerate(zip(*texts, strict=False))
        at = next((at for at, (one, other) in pairs if one != other), min(map(len, texts)))
        start = at - _CONTEXT
        old_said, new_said = (_cut(f"…{text[start:]}") for text in texts)
    return f"{old_said} → {new_said}"


def _said(value: Any) -> str:
    """Return a setting's value in words, as far as there are any."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(_item, value))
    return _item(value)


def _item(item: Any) -> str:
    """Return one value of several in words: a LoRA is "line-art × 0.8"."""
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        weight = item.get("weight")
        return str(item["name"]) if weight is None else f"{item['name']} × {_as_json(weight)}"
    return _as_json(item)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}…"
