"""The settings that an axis of a sweep can have, with the values that its menu offers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medialab import PipelineConfig
from medialab.batch.axes import REPLACE
from medialab.settings.fields import StageConfig
from medialab.stages import TITLES
from widgets.catalogue import Catalogue
from widgets.requests import NO_LORA, WEIGHT, axis_label
from widgets.shapes import Shape, shapes_of

_PICTURE = "The picture"
# Settings that are no axis: they belong to one picture, or change what a request is.
_LEFT_OUT = frozenset(
    {"detections", "image", "made_for", "mask", "mode", "references", "schema_version"}
)
_PIXELS = 64  # between two values of a size, since models draw in blocks
_KINDS = {int: "whole", float: "number", bool: "tick"}
# Those that people vary most come first.
_FIRST = (
    *("prompt", REPLACE, "seed", "steps", "guidance_scale", "distilled_guidance_scale"),
    *("guidance_start", "guidance_end", "sampler", "schedule"),
    *("checkpoint", "loras", "vae"),
)


def axis_settings(catalogue: Catalogue, base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings for the menu of an axis.

    Args:
        catalogue: the names of models.
        base: the settings of the form, as `PipelineConfig.parse` takes them.

    Returns:
        For each its name, label, group, kind and choices, and `values` to begin with: some around
        the present one.
    """
    found = {REPLACE: _described(REPLACE, _PICTURE, "replace", (), "")}
    for name, group, shape in _shapes():
        if (kind := _kind(shape)) is not None:
            now = _value_in(base, name)
            values = _around(shape, kind, now)
            found[name] = _described(name, group, kind, _choices(shape, catalogue), values)
            if shape.name == "loras":
                found |= {one["name"]: one for one in _weights(name, group, now or ())}
    first = [found.pop(name) for name in _FIRST]
    return [*first, *sorted(found.values(), key=lambda one: one["group"] != _PICTURE)]


def sweepable(name: str) -> bool:
    """Return whether a setting can be varied by a sweep."""
    return name in _SWEPT


def _described(
    name: str, group: str, kind: str, choices: tuple[str, ...], values: str
) -> dict[str, Any]:
    return {
        "name": name,
        "label": axis_label(name).removeprefix(f"{group}: ").removeprefix(f"{group}, "),
        "group": group,
        "kind": kind,
        "choices": list(choices),
        "values": values,
    }


def _weights(setting: str, group: str, loras: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield the weight of each LoRA that is set."""
    for lora in loras:
        plain = lora if isinstance(lora, Mapping) else lora.model_dump()
        name = f"{setting}{WEIGHT}{plain['name']}"
        yield _described(name, group, "number", (), _spread(float(plain.get("weight", 1.0)), 0, 2))


def _value_in(base: Mapping[str, Any], name: str) -> Any:
    value: Any = base
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value


def _around(shape: Shape, kind: str, now: Any) -> str:
    """Return values to begin with: three around the present one, or that one."""
    if kind == "tick":
        return "off, on"
    if shape.name == "seed":
        return "1-4"
    value = shape.default if now is None else now
    if kind not in {"number", "whole"}:
        return _text(shape, kind, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if kind == "number":
        return _spread(float(value), shape.limits.smallest, shape.limits.largest)
    return _whole(int(value), shape)


def _text(shape: Shape, kind: str, value: Any) -> str:
    if kind == "choice":
        return _quoted(value) if isinstance(value, str) else ""
    is_line = isinstance(value, str) and "\n" not in value and not value.startswith("--")
    return value if shape.name == "prompt" and is_line else ""


def _whole(value: int, shape: Shape) -> str:
    """Return three whole numbers around one, within the limits of the setting."""
    least, most = shape.limits.smallest, shape.limits.largest
    unit = _PIXELS if shape.unit == "px" else 1
    step = max(unit, round(abs(value) / 2 / unit) * unit)
    first = value - step if least is None else max(int(least), value - step)
    last = value + step if most is None else min(int(most), value + step)
    if unit > 1 or first < 0:
        return ", ".join(str(one) for one in sorted({first, value, last}))
    return f"{first}-{last} [3]"


def _spread(value: float, least: float | None, most: float | None) -> str:
    """Return three numbers around one, within its limits."""
    step = 0.2 if abs(value) <= 1 else 2.0
    first, last = value - step, value + step
    if least is not None:
        first = max(first, float(least))
    if most is not None:
        last = min(last, float(most))
    return f"{_digits(first)}-{_digits(last)} [3]" if first >= 0 else _digits(value)


def _digits(value: float) -> str:
    return f"{round(value, 3):g}"


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


def _shapes() -> Iterator[tuple[str, str, Shape]]:
    """Yield the name, group and shape of each setting that has one value."""
    for name, shape in shapes_of(PipelineConfig).items():
        if isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig) and not shape.many:
            for inner, own in shapes_of(shape.kind).items():
                yield f"{name}.{inner}", TITLES[name], own
        else:
            yield name, _PICTURE, shape


def _kind(shape: Shape) -> str | None:
    """Return how the values of a setting are written; None if it is no axis."""
    if shape.name in _LEFT_OUT or shape.is_picture or shape.is_fixed:
        return None
    if shape.many:
        return "choice" if shape.name == "loras" else None
    if shape.choices or shape.named:
        return "choice"
    return _KINDS.get(shape.kind, "text")


def _choices(shape: Shape, catalogue: Catalogue) -> tuple[str, ...]:
    if shape.name == "loras":
        return (NO_LORA, *catalogue.of("lora").names)
    if shape.kind is bool:
        return ("on", "off")
    if shape.named is not None:
        return (*shape.named.also, *catalogue.of(shape.named.kind).names)
    return shape.choices


_SWEPT = frozenset(name for name, _, shape in _shapes() if _kind(shape) is not None)
