"""JSON that programs write into pictures: parsing within limits, and access to its values."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST = 64  # levels of JSON; a program's settings have four or five
_MOST_WRAPS = 3
_MOST_KEYS = 1_000  # of an object; programs write some fifty
_LONGEST_SHOWN = 300  # characters of a value that a message repeats

JSON = Mapping[str, Any]


def parse_object(text: str) -> JSON | None:
    """Parse a text that is a JSON object as a whole; None for any other text.

    An object that was encoded several times, as text within JSON, is decoded as often.
    An object nested deeper than any program's settings counts as empty.
    """
    text = _unwrapped(text.strip().removeprefix("\ufeff"))
    if not (text.startswith("{") and text.endswith("}")):
        return None
    if _depth(text) > _DEEPEST:
        return {}
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return _bounded(found) if isinstance(found, dict) else None


def _unwrapped(text: str) -> str:
    for _ in range(_MOST_WRAPS):
        if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
            break
        try:
            inner = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            break
        text = inner.strip()
    return text


def _bounded(found: dict[str, Any]) -> JSON:
    """Return the object, or an empty one if it or one in it has more keys than programs write.

    A graph's nodes, an object of objects, may be more.
    """
    parts = [found, *(part for part in found.values() if isinstance(part, dict))]
    crowded = [part for part in parts if len(part) > _MOST_KEYS]
    if all(isinstance(one, dict) for part in crowded for one in part.values()):
        return found
    return {}


def is_empty(value: Any) -> bool:
    """Return whether a value is empty or off."""
    return value is None or value is False or value in ("", "None", [], {})


def as_text(value: Any) -> str:
    """Return a value in the form it has in an infotext; for a model, its name."""
    if isinstance(value, Mapping) and (name := model_name(value)):
        return name
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False)[:_LONGEST_SHOWN]


def plain_key(key: str) -> str:
    """Normalise a key to lower case without spaces, hyphens and underscores: "basemodel"."""
    return re.sub(r"[\s_-]", "", key.casefold())


def find(settings: JSON, key: str) -> Any:
    """Return a value by its key, however that is spelt; None if it is missing."""
    if key in settings:
        return settings[key]
    plain = plain_key(key)
    return next((value for name, value in settings.items() if plain_key(str(name)) == plain), None)


def first_text(settings: JSON, keys: Sequence[str]) -> str:
    """Return the first text under one of these keys; a list of texts is joined."""
    for key in keys:
        value = find(settings, key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, list):  # InvokeAI 2: parts with weights
            parts = [part.get("prompt") if isinstance(part, dict) else part for part in value]
            if texts := [part for part in parts if isinstance(part, str)]:
                return ", ".join(texts).strip()
    return ""


def model_name(model: JSON) -> str:
    """Return the name of a model that is given as an object with name, key and hash."""
    return next((str(model[key]) for key in ("name", "model_name") if model.get(key)), "")


def plain_name(name: str) -> str:
    """Return a model's name without folders and file extension."""
    last = re.split(r"[\\/]", name.strip())[-1]
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|sft)$", "", last, flags=re.IGNORECASE)


def _depth(text: str) -> int:
    """Return how deep a text's brackets are nested, not counting those in quotes."""
    depth = deepest = 0
    # Escaped characters outside quotes are skipped, so that no quote is scanned twice.
    for bracket in re.findall(r'"(?:\\.|[^\\"])*+"|\\.|[\[\]{}]', text, re.DOTALL):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def listed(value: Any) -> list[Any]:
    """Return a list, given as such or as text with commas; empty for anything else."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list) else []


def mapping(value: Any) -> JSON:
    """Return the value if it is an object; otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}
