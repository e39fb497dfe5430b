"""What is wrong with a request, as data: for each fault the setting, its value, what it may be.

`medialab.config.explain` says the same in sentences, for people.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from medialab.errors import MediaLabError
from medialab.settings import ChoiceError

# Characters of a wrong value that are told back; a picture in the wrong place has millions.
_LONGEST_VALUE = 200


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Each fault of a request for `model`: its `field`, a path with dots, and a `message`.

    Where there are such, also the wrong `value` and the `choices`.
    """
    return [_fault(dict(found), model) for found in error.errors(include_url=False)]


def _fault(found: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    place: list[object] = list(found["loc"])
    choices: tuple[str, ...] = ()
    cause = found.get("ctx", {}).get("error")
    if found["type"] == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        choices = tuple(sorted(owner.model_fields)) if owner else ()
        message = "there is no such setting"
    else:
        message = str(found["msg"]).removeprefix("Value error, ")
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
    """The model whose field is meant by a path such as ("control", 0)."""
    for part in place:
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in a type such as `tuple[ControlUnit, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)
