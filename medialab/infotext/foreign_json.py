"""JSON that programs write into pictures: parsed within bounds, its values found and shown."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST = 64  # levels of JSON; a program's settings have four or five
_MOST_KEYS = 1_000  # of an object; a program has some fifty
_LONGEST_SHOWN = 300  # characters of a value that is told

JSON = Mapping[str, Any]


def parse_object(text: str) -> JSON | None:
    """Return the JSON object that a text is as a whole; None for any other text.

    One that is nested deeper than any program's settings counts as an empty one.
    """
    text = text.strip().removeprefix("\ufeff")
    if not (text.startswith("{") and text.endswith("}")):
        return None
    if _depth(text) > _DEEPEST:
        return {}
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return _bounded(found) if isinstance(found, dict) else None


def _bounded(found: dict[str, Any]) -> JSON:
    """The object, or an empty one where it or one in it has more keys than any program writes."""
    parts = [found, *(part for part in found.values() if isinstance(part, dict))]
    return {} if any(len(part) > _MOST_KEYS for part in parts) else found


def says_nothing(value: Any) -> bool:
    """Return whether a value is empty or off."""
    return value is None or value is False or value in ("", "None", [], {})


def as_text(value: Any) -> str:
    """Return a value as an infotext would have it; a model by its name."""
    if isinstance(value, Mapping) and (name := model_name(value)):
        return name
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False)[:_LONGEST_SHOWN]


def plain_key(key: str) -> str:
    """Return a key without capitals, spaces and lines: "Base Model" is "basemodel"."""
    return re.sub(r"[\s_-]", "", key.casefold())


def find(settings: JSON, key: str) -> Any:
    """A value by its key, however that is spelt."""
    if key in settings:
        return settings[key]
    plain = plain_key(key)
    return next((value for name, value in settings.items() if plain_key(str(name)) == plain), None)


def first_text(settings: JSON, keys: Sequence[str]) -> str:
    """Return the first of these that holds a text, or a list of them."""
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
    """The name of a model that is told as an object of name, key and hash."""
    return next((str(model[key]) for key in ("name", "model_name") if model.get(key)), "")


def plain_name(name: str) -> str:
    """Return a model's name without folders and without its file's ending."""
    last = re.split(r"[\\/]", name.strip())[-1]
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|sft)$", "", last, flags=re.IGNORECASE)


def _depth(text: str) -> int:
    """How deep the brackets of a text are nested, whatever stands in quotes."""
    depth = deepest = 0
    # What is escaped outside of quotes is passed over, so that no quote is looked at twice.
    for bracket in re.findall(r'"(?:\\.|[^\\"])*+"|\\.|[\[\]{}]', text, re.DOTALL):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def listed(value: Any) -> list[Any]:
    """Return a list, or one written as a text with commas; for all else none."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list) else []


def mapping(value: Any) -> JSON:
    """Return an object; for all else an empty one."""
    return value if isinstance(value, Mapping) else {}
