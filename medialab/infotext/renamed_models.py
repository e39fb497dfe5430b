"""Renaming models in a request: in settings, in LoRA tags, and as words in prompts."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.prompts import word_pattern
from medialab.settings.fields import NameOf

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)
_PROMPTS = ("prompt", "negative_prompt")
_IN_PROMPTS = ("lora", "embedding")


def renamed(config: ConfigT, kind: str, names: Mapping[str, str | None]) -> ConfigT:
    """Return the request with models of a kind renamed, wherever they are named.

    All are renamed at once, so that two models may swap names. The hashes of a resolved request
    follow their files.

    Args:
        config: The request.
        kind: The kind of all these models.
        names: New name by old name; None removes a LoRA, with its tags and settings.
    """
    if not names:
        return config
    settings = _renamed(config, kind, names)
    if isinstance(config, ResolvedConfig):
        keys = {f"{kind}/{old}": f"{kind}/{new}" for old, new in names.items()}
        settings["models_sha256"] = {
            keys.get(name, name): sha256 for name, sha256 in config.models_sha256.items()
        }
    return config.parse(settings)


def name_rule(field: Any) -> NameOf | None:
    """Return the rule of a field that names a model; None for any other field."""
    return next((rule for rule in _rules(field) if isinstance(rule, NameOf)), None)


def _rules(field: Any) -> Iterator[Any]:
    """Yield the rules of a field, at any depth of its type."""
    yield from getattr(field, "metadata", ())
    kind = getattr(field, "annotation", field)
    for part in getattr(kind, "__args__", ()):
        yield from getattr(part, "__metadata__", ())


def _renamed(part: BaseModel, kind: str, names: Mapping[str, str | None]) -> dict[str, Any]:
    gone = {old for old, new in names.items() if new is None and kind == "lora"}
    found: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            value = _renamed(value, kind, names)
        elif isinstance(value, tuple):
            kept = [one for one in value if getattr(one, "name", None) not in gone]
            value = tuple(
                _renamed(one, kind, names) if isinstance(one, BaseModel) else one for one in kept
            )
        elif isinstance(value, str):
            value = _renamed_text(name, field, value, kind, names)
        found[name] = value
    return found


def _renamed_text(
    name: str, field: Any, value: str, kind: str, names: Mapping[str, str | None]
) -> str:
    if name in _PROMPTS and kind in _IN_PROMPTS:
        return _SUBSTITUTES[kind](value, names)
    named = name_rule(field)
    if named is None or named.kind != kind:
        return value
    if named.free:
        return ",".join(names.get(one.strip()) or one for one in value.split(","))
    return names.get(value) or value


def _in_tags(text: str, names: Mapping[str, str | None]) -> str:
    old = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))

    def rename(tag: re.Match[str]) -> str:
        new = names[tag[2]]
        return "" if new is None else f"{tag[1]}{new}{tag[3]}"

    return re.sub(rf"(<(?i:lora|lyco):\s*)({old})(\s*(?::[^<>]*)?>)", rename, text)


def _as_word(text: str, names: Mapping[str, str | None]) -> str:
    new_names = {old.casefold(): new for old, new in names.items()}

    def rename(word: re.Match[str]) -> str:
        return new_names.get(word[0].casefold()) or word[0]

    return re.sub(word_pattern(list(names)), rename, text, flags=re.IGNORECASE)


_SUBSTITUTES: dict[str, Callable[[str, Mapping[str, str | None]], str]] = {
    "lora": _in_tags,
    "embedding": _as_word,
}
