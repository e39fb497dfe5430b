"""A batch written as the YAML that `files.read_batch` reads."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from medialab.batch.axes import Axis
from medialab.batch.files import parse_batch
from medialab.batch.sweep import Sweep
from medialab.config.pipeline import PipelineConfig
from medialab.errors import BatchError, ConfigError

_WIDTH = 96  # characters of a line


def yaml_of(name: str, sweep: Sweep) -> str:
    """Return a batch as YAML; reading it gives the same pictures in the same rows.

    A random choice of a grid becomes the list of what was chosen.

    Args:
        name: The batch's.
        sweep: Its sweep.
    """
    content = {"name": name, "settings": _settings(sweep.base)}
    if sweep.how == "grid":
        return _text(content | {"axes": {axis.name: _values(axis, sweep) for axis in sweep.axes}})
    chosen = [_taken(axis, at, sweep) for at, axis in enumerate(sweep.axes)]
    axes = {axis.name: _values(axis, sweep) for axis in chosen}
    return _text(content | {"axes": axes, "how": "zip"})


def _text(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _settings(base: PipelineConfig) -> dict[str, Any]:
    """Return the settings that are not as they are without being named, and the checkpoint."""
    found = base.model_dump(mode="json", exclude_defaults=True, exclude={"schema_version"})
    settings = {"checkpoint": base.checkpoint, **found}
    return {name: _without_version(value) for name, value in settings.items()}


def _without_version(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if name != "schema_version"}
    return value


def _taken(axis: Axis, at: int, sweep: Sweep) -> Axis:
    """Return an axis with the value of each row, for the axes side by side."""
    places = [sweep.place(row)[at] for row in range(len(sweep))]
    points = tuple(axis.points[place] for place in places)
    return Axis(axis.name, points, tuple(axis.labels[place] for place in places))


def _values(axis: Axis, sweep: Sweep) -> Any:
    """Return an axis' values as a person would write them, if reading that gives the same axis."""
    plain = to_jsonable_python(axis.points)
    for values in _candidates(axis, plain):
        read = _read(axis.name, values, sweep.base)
        if read == (plain, list(axis.labels)):
            return values
    return [{name: _short(value) for name, value in point.items()} for point in plain]


def _short(value: Any) -> Any:
    """Return a value without what its parts leave open, such as a LoRA's other weights."""
    if isinstance(value, list):
        return [_short(one) for one in value]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items() if one is not None}
    return value


def _candidates(axis: Axis, points: list[dict[str, Any]]) -> Iterator[Any]:
    yield ", ".join(axis.labels)
    yield list(axis.labels)
    if all([*point] == [axis.name] for point in points):
        values = [point[axis.name] for point in points]
        if axis.name.rpartition(".")[2] == "loras":
            labelled = zip(values, axis.labels, strict=True)
            yield [[_lora(one, label) for one in loras or ()] for loras, label in labelled]
        yield values


def _lora(lora: Mapping[str, Any], label: str) -> str:
    """Return a LoRA as "ink:0.5", or as "ink" where the label does not tell its weight."""
    weight = f"{lora['weight']:g}"
    return f"{lora['name']}:{weight}" if f"{lora['name']} {weight}" in label else lora["name"]


def _read(name: str, values: Any, base: PipelineConfig) -> Any:
    """Return the points and labels that reading these values gives; None if it is refused."""
    text = _text({"settings": _settings(base), "axes": {name: values}})
    try:
        (axis,) = parse_batch(text, "batch.yaml").sweep.axes
    except (BatchError, ConfigError):
        return None
    return to_jsonable_python(axis.points), list(axis.labels)
