"""An axis: one setting, or several that move together, with the values that they take in turn."""

import json
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from medialab.batch.labels import labels_of
from medialab.batch.setting_names import setting_names, shape_of
from medialab.batch.values import number_values, split_values
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, shown
from medialab.files.regular import read_regular
from medialab.prompts.lines import read_lines
from medialab.settings.shapes import Shape

# The axis of A1111's "Prompt S/R": its first value stands in the prompt and is replaced by each.
REPLACE = "prompt_replace"
# Pictures of one sweep; more is a typing error, or several sweeps.
MOST_CELLS = 1_000_000
_MOST_BYTES = 64 * 2**20  # of a file with prompts

Point = Mapping[str, Any]
"""What one value of an axis sets: values by the dotted names of settings."""


@dataclass(frozen=True)
class Axis:
    """Settings that are varied together.

    Attributes:
        name: the dotted name of the setting, or a title of several.
        points: what each value sets, in order.
        labels: each value in a few words, for a table's or a grid's edge.
    """

    name: str
    points: tuple[Point, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def settings(self) -> tuple[str, ...]:
        """The dotted names of all settings that it sets, in order."""
        return tuple(dict.fromkeys(name for point in self.points for name in point))


def read_axes(axes: Mapping[str | tuple[str, ...], Any], base: PipelineConfig) -> list[Axis]:
    """Return the axes of a sweep, in order, read as `read_axis` does.

    Raises:
        ConfigError: some cannot be read; the message has a sentence for each. Or two of them set
            the same setting.
    """
    found, faults = [], []
    for name, values in axes.items():
        try:
            found.append(read_axis(name, values, base))
        except ConfigError as error:
            faults.append(error.message)
    if faults:
        raise ConfigError("; ".join(faults))
    _refuse_two_of_one(found)
    return found


def read_axis(name: str | tuple[str, ...], values: Any, base: PipelineConfig) -> Axis:
    """Return an axis from the name of its setting and its values, as a person gives them.

    Args:
        name: The setting's dotted name (`face.denoising_strength`); or several, as a tuple or
            with commas between, that move together; or "prompt_replace", whose first value is
            text of the prompt, to be replaced by each of the values; or a title of your own, with
            values that are mappings of settings.
        values: A list, or text in A1111's syntax (`3, 5, 7`, `1-10 (+2)`, `0-1 [5]`). For several
            settings a list of lists. For "prompt" a list, text with one prompt on a line, or the
            `Path` of such a file; a line may have A1111's flags.
        base: The request that the axis varies.

    Raises:
        ConfigError: no such setting, no values, or values that cannot be read.
    """
    names = _names(name)
    title = ", ".join(names)
    if isinstance(values, Path):
        values = _content(title, values)
    if _are_points(title, values):
        return _axis_of_points(title, [_checked_point(title, point) for point in values])
    if title == REPLACE:
        return _replacing(_listed_values(title, values, Shape(REPLACE, str, "")), base)
    shapes = [shape_of(one) for one in names]
    if len(names) > 1:
        return _together(title, names, values)
    if title == "prompt":
        return _prompts(values)
    each = _listed_values(title, values, shapes[0])
    return _axis_of_points(title, [{title: plain_value(value, shapes[0])} for value in each])


def plain_value(value: Any, shape: Shape) -> Any:
    """Return a value as its config field takes it.

    "ink:0.5" becomes a LoRA and its weight, and "automatic" no value, where that is no choice of
    the setting itself.
    """
    if shape.name == "loras" and isinstance(value, (str, Mapping)):
        value = [] if value in ("", "none") else [value]
    if shape.name == "loras" and isinstance(value, (list, tuple)):
        return [_lora(one) if isinstance(one, str) else one for one in value]
    if shape.optional and isinstance(value, str) and value in {"", "automatic"}:
        return value if value in shape.choices or shape.named else None
    return value


def _names(name: str | tuple[str, ...]) -> tuple[str, ...]:
    parts = name.split(",") if isinstance(name, str) else name
    return tuple(part.strip() for part in parts)


def _content(title: str, path: Path) -> str:
    try:
        return read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{title}: {path.name} cannot be read as text ({error})"
        raise ConfigError(message).about(title) from error


def _are_points(title: str, values: Any) -> bool:
    """Return whether values are mappings of settings, and not, as LoRAs are, of a setting's own."""
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if not is_list or not values or not all(isinstance(one, Mapping) for one in values):
        return False
    names = _known_names()
    return title not in names or all(name in names for one in values for name in one)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(setting_names())


def _checked_point(title: str, point: Mapping[str, Any]) -> Point:
    if not point:
        message = f"{title}: a value sets nothing; name at least one setting"
        raise ConfigError(message).about(title)
    try:
        return {str(name): plain_value(value, shape_of(str(name))) for name, value in point.items()}
    except ConfigError as error:
        raise ConfigError(f"{title}: {error.message}").about(title) from error


def _axis_of_points(title: str, points: Sequence[Point]) -> Axis:
    if not points:
        message = f"{title} has no values; give at least one"
        raise ConfigError(message).about(title)
    values = [next(iter(point.values())) if len(point) == 1 else point for point in points]
    return Axis(title, tuple(points), tuple(labels_of(values)))


def _listed_values(title: str, values: Any, shape: Shape) -> list[Any]:
    """Return the values of one setting from a list, or from text."""
    if isinstance(values, str):
        return _from_text(values, shape)
    if values is None:
        return []
    if isinstance(values, Iterable) and not isinstance(values, (bytes, Mapping)):
        listed_values = list(islice(values, MOST_CELLS + 1))
        if len(listed_values) > MOST_CELLS:
            count = f"{len(values):,}" if isinstance(values, Sized) else "endlessly many"
            message = f"{title} has {count} values, over {MOST_CELLS:,}; take fewer"
            raise ConfigError(message).about(title)
        return listed_values
    message = f"{title}={shown(values)}: give a list of values, or text such as 3, 5, 7"
    raise ConfigError(message).about(title)


def _from_text(text: str, shape: Shape) -> list[Any]:
    if shape.many or text.lstrip()[:1] == "[":
        try:
            read = json.loads(text)
        except ValueError as error:
            message = f"{shape.name}={shown(text)}: write a list in JSON ({error})"
            raise ConfigError(message).about(shape.name) from error
        return list(read) if isinstance(read, list) else [read]
    if shape.kind is int or shape.kind is float:
        return list(number_values(text, shape.kind))
    return split_values(text)


def _lora(text: str) -> dict[str, Any]:
    name, colon, weight = text.rpartition(":")
    try:
        return {"name": name, "weight": float(weight)} if colon else {"name": text}
    except ValueError:  # a colon of the name
        return {"name": text}


def _prompts(values: Any) -> Axis:
    if isinstance(values, str):
        return _axis_of_points("prompt", read_lines(values))
    given = _listed_values("prompt", values, Shape("prompt", str, ""))
    lines = [read_lines(one) if isinstance(one, str) else [{"prompt": one}] for one in given]
    # An empty prompt is a value, too; a list may hold several lines in one text.
    return _axis_of_points("prompt", [point for one in lines for point in one or [{"prompt": ""}]])


def _replacing(values: Sequence[Any], base: PipelineConfig) -> Axis:
    if not values or not all(isinstance(one, str) for one in values):
        message = f"{REPLACE}: give texts; the first stands in the prompt and is replaced by each"
        raise ConfigError(message).about(REPLACE)
    sought = values[0]
    texts = {name: getattr(base, name) for name in ("prompt", "negative_prompt")}
    holding = {name: text for name, text in texts.items() if sought and sought in text}
    if not holding:
        message = f"{REPLACE}: {shown(sought)} is not in the prompt; begin with text that is"
        raise ConfigError(message).about(REPLACE)
    points = [{name: text.replace(sought, one) for name, text in holding.items()} for one in values]
    return Axis(REPLACE, tuple(points), tuple(labels_of(values)))


def _together(title: str, names: Sequence[str], values: Any) -> Axis:
    """Return an axis of several settings, each value a list with one value of each."""
    rows = _listed_values(title, values, Shape(title, list, "", many=True))
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) != len(names):
            message = f"{title}={shown(row)}: give a list of {len(names)} values, one of each"
            raise ConfigError(message).about(title)
    return _axis_of_points(
        title,
        [
            {
                name: plain_value(value, shape_of(name))
                for name, value in zip(names, row, strict=True)
            }
            for row in rows
        ],
    )


def _refuse_two_of_one(axes: Sequence[Axis]) -> None:
    seen: dict[str, str] = {}
    for axis in axes:
        for name in axis.settings:
            if name in seen:
                message = f"{seen[name]} and {axis.name} both set {name}; one axis only"
                raise ConfigError(message).about(name)
            seen[name] = axis.name
