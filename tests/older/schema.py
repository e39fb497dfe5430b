"""The fields of what this program writes down for good, each with its type."""

import typing
from collections.abc import Iterator

from pydantic import BaseModel

from medialab.artifacts import Sidecar
from medialab.presets import Preset


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield "face.steps: int | None" for each field, those of inner models too."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}: {field.annotation}".replace("typing.", "")
        for inner in _models_in(field.annotation):
            yield from fields_of(inner, f"{prefix}{name}.")


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for part in typing.get_args(annotation) for one in _models_in(part)]


def schema() -> dict[str, list[str]]:
    """Return the fields of sidecars and presets."""
    return {"sidecars": sorted(fields_of(Sidecar)), "presets": sorted(fields_of(Preset))}
