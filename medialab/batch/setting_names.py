"""The settings that an axis may vary, by their dotted names: "steps", "face.steps"."""

from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, listed, shown
from medialab.settings.fields import StageConfig
from medialab.settings.shapes import Shape


def model_at(name: str) -> tuple[type[StageConfig], str]:
    """Return the config model that holds the setting of a dotted name, and its name there.

    Raises:
        ConfigError: there is no such stage; the message tells the nearest names.
    """
    model: type[StageConfig] = PipelineConfig
    *stages, last = name.split(".")
    for stage in stages:
        field = model.model_fields.get(stage)
        shape = Shape.of(stage, field) if field else None
        if shape is None or shape.many or not _is_model(shape.kind):
            raise _unknown(name)
        model = shape.kind
    return model, last


def shape_of(name: str) -> Shape:
    """Return the shape of the setting of a dotted name.

    Raises:
        ConfigError: there is no such setting; the message tells the nearest names.
    """
    model, last = model_at(name)
    field = model.model_fields.get(last)
    if field is None or last == "schema_version":
        raise _unknown(name)
    shape = Shape.of(last, field)
    if _is_model(shape.kind) and not shape.many:
        message = f"{name} is a stage: name one of its settings, such as {name}.{_first(shape)}"
        raise ConfigError(message).about(name)
    return shape


def setting_names() -> list[str]:
    """Return the dotted names of all settings that an axis may vary."""
    found = []
    for name, field in PipelineConfig.model_fields.items():
        shape = Shape.of(name, field)
        if _is_model(shape.kind) and not shape.many:
            found += [f"{name}.{inner}" for inner in shape.kind.model_fields]
        elif name != "schema_version":
            found.append(name)
    return found


def _unknown(name: str) -> ConfigError:
    names = setting_names()
    return ConfigError(f"there is no setting {shown(name)}; {listed(name, names)}").about(
        name, names
    )


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StageConfig)


def _first(shape: Shape) -> str:
    return str(next(reversed(shape.kind.model_fields)))
