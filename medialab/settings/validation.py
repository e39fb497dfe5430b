"""What is wrong with a request: as data for programs, in sentences for people.

Also what a notebook or a shell hands over as text, read as what its setting takes.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from medialab.errors import ConfigError, MediaLabError, listed, near, shown
from medialab.settings.fields import PICTURE_NAME, ChoiceError

# What pydantic says in words of Python, as a person is told it, by its kind of fault; in braces,
# what it tells of the fault.
_IN_WORDS = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "write a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "write a number"),
    **dict.fromkeys(("tuple_type", "list_type"), "write a list"),
    **dict.fromkeys(("dict_type", "model_type"), "write an object: settings with their values"),
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "int_parsing_size": "write a whole number of fewer digits",
    "finite_number": "write a finite number",
    "greater_than_equal": "must be greater than or equal to {ge}",
    "less_than_equal": "must be less than or equal to {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "literal_error": "write {expected}",
    "string_type": "write text",
    "string_too_long": "it has over {max_length} characters; write less",
    "missing": "it is missing",
}
# Characters of a wrong value that are told back; a picture in the wrong place has millions.
_LONGEST_VALUE = 200


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Each fault of a request for `model`: its `field`, a path with dots, and a `message`.

    Where there are such, also the wrong `value` and the `choices`.
    """
    return [_fault(dict(found), model) for found in error.errors(include_url=False)]


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence per fault: the setting, its value, what is allowed."""
    return "; ".join(_sentence(dict(found), model) for found in error.errors(include_url=False))


def read_json_texts(
    settings: Mapping[str, Any], model: type[BaseModel], inside: str = ""
) -> dict[str, Any]:
    """Return the settings with lists and objects in place of their JSON.

    Args:
        settings: values by the names of the model's settings; those that are no text stay.
        model: the config model.
        inside: the setting that these are settings of, as a message names it; "" for none.

    Raises:
        ConfigError: a text begins like a list or an object and is none, or is the wrong of the two.
    """
    read = dict(settings)
    for name, value in settings.items():
        field = model.model_fields.get(name)
        if field is None or not isinstance(value, str) or _takes_text(field.annotation):
            continue
        told = f"{inside}.{name}={shown(value)}" if inside else f"{name}={shown(value)}"
        if value.strip()[:1] in {"[", "{"}:
            read[name] = _read_json(told, value, field.annotation)
        elif _holds_several(field.annotation) and not _splits_text(field):
            raise ConfigError(_not_json(told, field.annotation))
    return read


def refuse_numbers_for_text(settings: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Refuse a number where a text belongs: papermill's `-p prompt 007` makes it 7.

    Raises:
        ConfigError: the message says how to hand text over.
    """
    for name, value in settings.items():
        field = model.model_fields.get(name)
        is_text = field is not None and field.annotation is str
        if is_text and (value is None or isinstance(value, (int, float))):
            message = (
                f"{name}={value!r} is not text; papermill reads -p {name} as a number or a word of "
                f"Python's: write -r {name} with the text after it"
            )
            raise ConfigError(message)


def _sentence(found: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = list(found["loc"])
    name = ".".join(map(str, place))
    if found["type"] == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        inside = f" in {'.'.join(map(str, place[:-1]))}" if place[:-1] else ""
        known = listed(str(place[-1]), sorted(owner.model_fields) if owner else ())
        known = known.replace("known:", f"known{inside}:", 1).removesuffix(".")
        if elsewhere := [] if place[:-1] else _owners(str(place[-1]), model):
            known = known.partition(". Did you mean")[0]
            known = f"{known}. It is a setting of {', '.join(elsewhere)}"
        return f"there is no setting {shown(name)}; {known}"
    if found["type"] == "missing":
        return f"{name} is missing"
    message = _message(found)
    return f"{name}={shown(found['input'])}: {message}" if name else message


def _message(found: Mapping[str, Any]) -> str:
    told = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "string_pattern_mismatch" and PICTURE_NAME in told:
        return "write the name of a picture that was kept: what Workbench.keep(picture) returns"
    facts = {name: _plain(fact) for name, fact in found.get("ctx", {}).items()}
    return _IN_WORDS.get(found["type"], "").format_map(facts) or told


def _plain(fact: object) -> str:
    """Return a fact of a fault as text, with numbers as people write them."""
    if isinstance(fact, int):
        return f"{fact:,}"
    return f"{fact:g}" if isinstance(fact, float) else str(fact)


def _fault(found: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    place: list[object] = list(found["loc"])
    choices: tuple[str, ...] = ()
    cause = found.get("ctx", {}).get("error")
    if found["type"] == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        choices = tuple(sorted(owner.model_fields)) if owner else ()
        message = f"there is no such setting{near(str(place[-1]), choices)}"
    else:
        message = _message(found)
        if isinstance(cause, ChoiceError):
            choices = cause.choices
        elif isinstance(named := getattr(cause, "__cause__", None), MediaLabError):
            # A fault of two settings together is told of the whole; the error knows whose it is.
            place, choices = [*place, *filter(None, [named.setting])], named.choices
    value = found["input"]
    told = {"value": value} if _is_short(value) and found["loc"] else {}
    return {
        "field": ".".join(map(str, place)),
        **told,
        "message": message,
        **({"choices": list(choices)} if choices else {}),
    }


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_VALUE
    if isinstance(value, float):
        return math.isfinite(value)  # JSON has no word for the others
    return value is None or isinstance(value, int)


def _model_at(model: type[BaseModel] | None, place: Sequence[object]) -> type[BaseModel] | None:
    """Return the config model at a path such as ("control", 0); None if there is none."""
    for part in place:
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model in a type such as `tuple[ControlUnit, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _owners(name: str, model: type[BaseModel]) -> list[str]:
    """Return the stages that have a setting of this name."""
    parts = {part: _model_in(field.annotation) for part, field in model.model_fields.items()}
    return [part for part, inner in parts.items() if inner and name in inner.model_fields]


def _read_json(told: str, value: str, annotation: Any) -> Any:
    """Return the value of a JSON text; `told` is the setting with its text, for the error."""
    try:
        read = json.loads(value)
    except (ValueError, RecursionError) as error:
        message = f"{told} is not valid JSON ({error}); write it as {example_of(annotation)}"
        raise ConfigError(message) from error
    if _holds_several(annotation) and isinstance(read, list) != _is_list(annotation):
        raise ConfigError(_not_json(told, annotation))
    return read


def _not_json(told: str, annotation: Any) -> str:
    return f"{told}: write a list or an object in JSON, such as {example_of(annotation)}"


def _takes_text(annotation: Any) -> bool:
    """Whether a text is what the setting takes: it is one, or one or nothing."""
    if get_origin(annotation) in {tuple, dict}:
        return False
    return annotation is str or any(map(_takes_text, get_args(annotation)))


def _splits_text(field: FieldInfo) -> bool:
    """Whether a list may also be one text, which the setting takes apart by itself."""
    return any(isinstance(rule, BeforeValidator) for rule in field.metadata)


def _holds_several(annotation: Any) -> bool:
    """Whether the setting is a list of things, or an object of several settings."""
    return _model_in(annotation) is not None or _is_list(annotation) or _is_object(annotation)


def _is_list(annotation: Any) -> bool:
    return "tuple" in str(annotation)


def _is_object(annotation: Any) -> bool:
    return get_origin(annotation) is dict


def example_of(annotation: Any) -> str:
    """Return how a list or an object of settings is written in JSON, in a shell's quotes."""
    if _is_object(annotation):
        return '\'{"…": "…"}\''
    inner = _model_in(annotation)
    one = '"ink"' if inner is None else "{" + f'"{_first_field(inner)}": …' + "}"
    return f"'[{one}]'" if _is_list(annotation) else f"'{one}'"


def _first_field(model: type[BaseModel]) -> str:
    return next(iter(model.model_fields))
