"""Errors in a request: as data for programs, as sentences for people.

Also the conversion of text from a notebook or a shell to the types of its settings.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from medialab.errors import ConfigError, MediaLabError, listed, near, shown
from medialab.settings.fields import PICTURE_NAME, ChoiceError

# Plain words for pydantic's errors, by type; values in braces come from the error's context.
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
    "string_too_short": "it must not be empty",
    "string_too_long": "it has over {max_length} characters; write less",
    "missing": "it is missing",
}
# What other programs call our settings.
_ELSEWHERE = {
    **dict.fromkeys(("num_inference_steps", "sampling_steps", "iterations"), "steps"),
    **dict.fromkeys(("cfg", "cfg_scale", "guidance"), "guidance_scale"),
    **dict.fromkeys(("strength", "denoise", "denoising"), "denoising_strength"),
    **dict.fromkeys(("model", "model_name", "ckpt", "ckpt_name"), "checkpoint"),
    **dict.fromkeys(("scheduler", "sampler_name"), "sampler"),
    **dict.fromkeys(("hires_fix", "hires", "enable_hr"), "refiner"),
    **dict.fromkeys(("num_images_per_prompt", "num_images", "n_iter"), "batch_size"),
    **dict.fromkeys(("init_image", "init_images"), "image"),
    **dict.fromkeys(("controlnet", "controlnets", "control_image"), "control"),
    **dict.fromkeys(("bbox", "xyxy"), "box"),
    "mask_image": "mask",
    "subseed": "variation_seed",
}
# Characters of a wrong value that are repeated; a picture in the wrong place has millions.
_LONGEST_VALUE = 200


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return each fault of a request as data.

    Args:
        error: The error of validating the request.
        model: The config model.

    Returns:
        For each fault a dict with `field` (a path with dots) and `message`, and, where there are
        any, the wrong `value` and the valid `choices`.
    """
    return [_fault(dict(found), model) for found in error.errors(include_url=False)]


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one sentence per fault: the setting, its value, and what is allowed."""
    return "; ".join(_sentence(dict(found), model) for found in error.errors(include_url=False))


def read_json_texts(
    settings: Mapping[str, Any], model: type[BaseModel], inside: str = ""
) -> dict[str, Any]:
    """Return the settings with lists and objects parsed from JSON.

    Args:
        settings: Values by name; those that are not text are left unchanged.
        model: The config model.
        inside: The setting that contains these, for messages; "" for none.

    Raises:
        ConfigError: a text starts like a list or an object but is not valid JSON, has a name twice,
            or is the wrong one of the two.
    """
    read = dict(settings)
    for name, value in settings.items():
        field = model.model_fields.get(name)
        if field is None or not isinstance(value, str) or _takes_text(field.annotation):
            continue
        written = f"{inside}.{name}={shown(value)}" if inside else f"{name}={shown(value)}"
        if value.strip()[:1] in {"[", "{"}:
            read[name] = _read_json(written, value, field.annotation)
        elif _holds_several(field.annotation) and not _splits_text(field):
            raise ConfigError(_not_json(written, field.annotation))
    return read


def load_json(text: str | bytes) -> Any:
    """Return the value of a JSON text that a person may have written.

    Raises:
        ConfigError: an object has a name twice, of which readers of JSON keep the last.
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.
    """
    return json.loads(text, object_pairs_hook=each_once)


def each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names are all different: of two values one would be lost in silence.

    Raises:
        ConfigError: a name stands there twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ConfigError(f"{shown(name)} is given twice; remove one")
        found[name] = value
    return found


def refuse_numbers_for_text(settings: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Refuse a number in place of text: papermill's `-p prompt 007` passes the number 7.

    Raises:
        ConfigError: there is one; the message says how to pass text.
    """
    for name, value in settings.items():
        field = model.model_fields.get(name)
        is_text = field is not None and field.annotation is str
        if is_text and (value is None or isinstance(value, (int, float))):
            message = (
                f"{name}={value!r} is not text; papermill reads the value of -p {name} as a number "
                f"or a Python constant: write -r {name} and the text after it"
            )
            raise ConfigError(message)


def _sentence(found: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = list(found["loc"])
    name = ".".join(map(str, place))
    if found["type"] == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        inside = f" in {'.'.join(map(str, place[:-1]))}" if place[:-1] else ""
        known = listed(str(place[-1]), sorted(owner.model_fields) if owner else ())
        known = known.partition(". Did you mean")[0].replace("known:", f"known{inside}:", 1)
        return f"there is no setting {shown(name)}; {known.removesuffix('.')}{_meant(place, model)}"
    if found["type"] == "missing":
        return f"{name} is missing"
    message = _message(found, model)
    return f"{name}={shown(found['input'])}: {message}" if name else message


def _meant(place: Sequence[object], model: type[BaseModel]) -> str:
    """Return ". Did you mean …?" for an unknown setting at a path, or where it is; or nothing."""
    owner, name = _model_at(model, place[:-1]), str(place[-1])
    known = owner.model_fields if owner else {}
    ours = _ELSEWHERE.get(name.casefold(), name)
    if ours in known:
        return f". Did you mean {ours!r}?"
    stage, _, inner = name.partition(".")
    part, inner = known.get(stage), _ELSEWHERE.get(inner.casefold(), inner)
    if part and inner in getattr(part.annotation, "model_fields", {}):
        return f". Write it within {stage}: {{{inner!r}: …}}"
    if owners := [] if place[:-1] else _owners(ours, model):
        it = "It" if ours == name else f"{ours!r}"
        return f". {it} is a setting of {', '.join(owners)}"
    return near(name, known)


def _message(found: Mapping[str, Any], model: type[BaseModel]) -> str:
    message = str(found["msg"]).removeprefix("Value error, ")
    annotation = _annotation_at(model, found["loc"])
    if found["type"].startswith("string_") and PICTURE_NAME in str(annotation):
        return "write the name of a stored picture, as Workbench.keep(picture) returns it"
    inner = _model_in(annotation)
    if found["type"] in {"tuple_type", "model_type"} and inner and _needed(inner):
        one = f'{{"{_needed(inner)}": …}}'
        return f"write {one}" if found["type"] == "model_type" else f"write a list, such as [{one}]"
    facts = {name: _plain(fact) for name, fact in found.get("ctx", {}).items()}
    return _IN_WORDS.get(found["type"], "").format_map(facts) or message


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
        message = f"there is no such setting{_meant(place, model)}"
    else:
        message = _message(found, model)
        if isinstance(cause, ChoiceError):
            choices = cause.choices
        elif isinstance(named := getattr(cause, "__cause__", None), MediaLabError):
            # pydantic reports a fault of two settings on the whole; the error names the setting.
            place, choices = [*place, *filter(None, [named.setting])], named.choices
    value = found["input"]
    return {
        "field": ".".join(map(str, place)),
        **({"value": value} if _is_short(value) and found["loc"] else {}),
        "message": message,
        **({"choices": list(choices)} if choices else {}),
    }


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_VALUE
    if isinstance(value, float):
        return math.isfinite(value)  # JSON cannot express the others
    return value is None or isinstance(value, int)


def _model_at(model: type[BaseModel] | None, place: Sequence[object]) -> type[BaseModel] | None:
    """Return the config model at a path such as ("control", 0); None if there is none."""
    for part in place:
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _model_in(field.annotation) if field else None
    return model


def _annotation_at(model: type[BaseModel], place: Sequence[object]) -> Any:
    """Return the type of the setting that a path leads to or into; None if there is none."""
    names = [at for at, part in enumerate(place) if isinstance(part, str)]
    owner = _model_at(model, place[: names[-1]]) if names else None
    field = owner.model_fields.get(str(place[names[-1]])) if owner else None
    return field.annotation if field else None


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


def _needed(model: type[BaseModel]) -> str:
    """Return the first setting that a model must be given; "" if all have defaults."""
    fields = model.model_fields.items()
    return next((name for name, field in fields if field.is_required()), "")


def _read_json(written: str, value: str, annotation: Any) -> Any:
    """Return the value of a JSON text; `written` is the setting with its text, for the error."""
    try:
        read = load_json(value)
    except ConfigError as error:
        raise ConfigError(f"{written}: {error}") from error
    except (ValueError, RecursionError) as error:
        message = f"{written} is not valid JSON ({error}); write it as {example_of(annotation)}"
        raise ConfigError(message) from error
    if _holds_several(annotation) and isinstance(read, list) != _is_list(annotation):
        raise ConfigError(_not_json(written, annotation))
    return read


def _not_json(written: str, annotation: Any) -> str:
    return f"{written}: write a list or an object in JSON, such as {example_of(annotation)}"


def _takes_text(annotation: Any) -> bool:
    """Return whether the setting takes text, or text or None."""
    if get_origin(annotation) in {tuple, dict}:
        return False
    return annotation is str or any(map(_takes_text, get_args(annotation)))


def _splits_text(field: FieldInfo) -> bool:
    """Return whether a list may also be given as text, which the setting itself splits."""
    return any(isinstance(rule, BeforeValidator) for rule in field.metadata)


def _holds_several(annotation: Any) -> bool:
    """Return whether the setting is a list, or an object with several settings."""
    return _model_in(annotation) is not None or _is_list(annotation) or _is_object(annotation)


def _is_list(annotation: Any) -> bool:
    return "tuple" in str(annotation)


def _is_object(annotation: Any) -> bool:
    return get_origin(annotation) is dict


def example_of(annotation: Any) -> str:
    """Return an example of a list or an object in JSON, in quotes for a shell."""
    if _is_object(annotation):
        return '\'{"…": "…"}\''
    inner = _model_in(annotation)
    one = '"ink"' if inner is None else "{" + f'"{_first_field(inner)}": …' + "}"
    return f"'[{one}]'" if _is_list(annotation) else f"'{one}'"


def _first_field(model: type[BaseModel]) -> str:
    return next(iter(model.model_fields))
