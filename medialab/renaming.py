"""Models in a request under other names: in settings, in LoRA tags, as words of prompts."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from medialab.config import PipelineConfig, ResolvedConfig
from medialab.prompts import word_pattern
from medialab.settings import NameOf

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)
_PROMPTS = ("prompt", "negative_prompt")
_IN_PROMPTS = ("lora", "embedding")


def renamed(config: ConfigT, kind: str, old: str, new: str | None) -> ConfigT:
    """Return the request with another name for a model, wherever it is named.

    None takes a LoRA out: its tags, and its settings. Hashes of a resolved request keep to their
    files.
    """
    settings = _renamed(config, kind, old, new)
    if isinstance(config, ResolvedConfig):
        settings["models_sha256"] = {
            f"{kind}/{new}" if name == f"{kind}/{old}" else name: sha256
            for name, sha256 in config.models_sha256.items()
        }
    return config.parse(settings)


def name_rule(field: Any) -> NameOf | None:
    """The rule of a field that names a model; None for any other field."""
    return next((rule for rule in _rules(field) if isinstance(rule, NameOf)), None)


def _rules(field: Any) -> Iterator[Any]:
    """The rules of a field, wherever in its type they stand."""
    yield from getattr(field, "metadata", ())
    kind = getattr(field, "annotation", field)
    for part in getattr(kind, "__args__", ()):
        yield from getattr(part, "__metadata__", ())


def _renamed(part: BaseModel, kind: str, old: str, new: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            value = _renamed(value, kind, old, new)
        elif isinstance(value, tuple):
            kept = (
                one
                for one in value
                if new is not None or kind != "lora" or getattr(one, "name", None) != old
            )
            value = tuple(
                _renamed(one, kind, old, new) if isinstance(one, BaseModel) else one for one in kept
            )
        elif isinstance(value, str):
            value = _renamed_text(name, field, value, (kind, old, new))
        found[name] = value
    return found


def _renamed_text(name: str, field: Any, value: str, how: tuple[str, str, str | None]) -> str:
    kind, old, new = how
    if name in _PROMPTS and kind in _IN_PROMPTS:
        return _SUBSTITUTES[kind](value, old, new)
    named = name_rule(field)
    if new is None or named is None or named.kind != kind:
        return value
    if named.free:
        return ",".join(new if one.strip() == old else one for one in value.split(","))
    return new if value == old else value


def _in_tags(text: str, old: str, new: str | None) -> str:
    name = rf"(<(?:lora|lyco):\s*){re.escape(old)}(?=\s*[:>])"
    if new is None:
        return re.sub(rf"{name}[^<>]*>", "", text)
    return re.sub(name, lambda tag: f"{tag[1]}{new}", text)


def _as_word(text: str, old: str, new: str | None) -> str:
    pattern = word_pattern([old])
    return text if new is None else re.sub(pattern, lambda _: new, text, flags=re.IGNORECASE)


_SUBSTITUTES: dict[str, Callable[[str, str, str | None], str]] = {
    "lora": _in_tags,
    "embedding": _as_word,
}
