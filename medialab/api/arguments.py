"""Command-line arguments: name=value, `stage.name=value` for a stage's settings, lists in JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from medialab.errors import ConfigError, listed, shown
from medialab.settings.fields import StageConfig
from medialab.settings.shapes import Shape
from medialab.settings.validation import example_of, read_json_texts

# This value leaves a setting unset; so does an empty one.
_UNSET = "null"


def read_arguments(arguments: Iterable[str], model: type[BaseModel]) -> dict[str, Any]:
    """Return the settings of a command line, nested as in `model`.

    If a setting is given twice, the later value counts; an object is merged into the values given
    earlier for its stage. Names and values are not validated here: the model does that.

    Args:
        arguments: Each `steps=30`, `face.enabled=true`, `face={"enabled": true}` or `loras=[…]`.
        model: The config model whose settings they are.

    Raises:
        ConfigError: an argument is not name=value, a list or an object is not valid JSON, or a dot
            follows a setting that has no settings of its own.
    """
    settings: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or name.startswith("-"):
            raise ConfigError(_not_a_setting(argument, model))
        path = name.split(".")
        _put(settings, path, _value(path, text, model))
    return settings


def _not_a_setting(argument: str, model: type[BaseModel]) -> str:
    word, _, value = argument.lstrip("-").partition("=")
    name = word.replace("-", "_")
    start = f"settings are written name=value, not {shown(argument)}"
    if name.partition(".")[0] in model.model_fields:
        return f"{start}: write {name}={value or '…'}"
    quoted = "put a value with spaces in quotes, as in prompt='a red car'"
    return f"{start}; {quoted}. Settings {listed(name, model.model_fields)}"


def _value(path: Sequence[str], text: str, model: type[BaseModel]) -> Any:
    """Return the value of one setting; its text if it takes text or does not exist.

    Raises:
        ConfigError: the name goes below a setting that has no settings of its own, or the text of
            a list or an object is not valid JSON.
    """
    *stages, last = path
    owner = model
    for depth, stage in enumerate(stages, start=1):
        if stage not in owner.model_fields:
            return text
        shape = Shape.of(stage, owner.model_fields[stage])
        if shape.many or not _is_model(shape.kind):
            raise ConfigError(_no_settings_below(".".join(stages[:depth]), shape, owner))
        owner = shape.kind
    if last not in owner.model_fields:
        return text
    shape = Shape.of(last, owner.model_fields[last])
    if _is_unset(shape, text):
        return None
    if shape.kind is not str:  # pydantic does not accept text for a number from a fixed list
        text = next((one for one in shape.choices if str(one) == text), text)
    return read_json_texts({last: text}, owner, ".".join(stages))[last]


def _is_unset(shape: Shape, text: str) -> bool:
    """Return whether a text leaves a setting unset; never for free text, where it is a value."""
    is_words = shape.kind is str and not shape.many and not shape.is_picture
    is_name = bool(shape.choices or shape.named)
    if not shape.optional or (is_words and not is_name):
        return False
    nothing_is_a_name = shape.named is not None and shape.named.none is not None
    return text == _UNSET or (not text and not nothing_is_a_name)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StageConfig)


def _no_settings_below(name: str, shape: Shape, owner: type[BaseModel]) -> str:
    if shape.many:
        example = example_of(owner.model_fields[shape.name].annotation)
        return f"{name} is a list: write all of it, such as {name}={example}"
    return f"{name} has no settings of its own: write {name}=…"


def _put(settings: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *stages, last = path
    place = settings
    for stage in stages:
        place = place.setdefault(stage, {})
        if not isinstance(place, dict):  # an unknown name, which the model rejects
            return
    before = place.get(last)
    if isinstance(value, dict) and isinstance(before, dict):
        value = before | value
    place[last] = value
