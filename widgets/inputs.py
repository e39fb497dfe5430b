"""One input per setting, made from the config's own field: its limits, default and help."""

from dataclasses import dataclass
from typing import Any, Self

import annotated_types
import ipywidgets as ipw
from pydantic.fields import FieldInfo

from medialab import PipelineConfig

# A slider longer than this many steps cannot be set to the one that is meant.
_LONGEST_SLIDER = 200
# Sliders for fractions move by a tenth, or by a half where the range is long.
_FINE, _COARSE, _LONG_RANGE = 0.1, 0.5, 10


@dataclass(frozen=True)
class Limits:
    """What a number may be: from `smallest` to `largest`; None where there is no limit."""

    smallest: float | None = None
    largest: float | None = None

    @classmethod
    def of(cls, field: FieldInfo) -> Self:
        """The limits that a config field declares."""
        found: dict[str, Any] = {}
        for rule in field.metadata:
            if isinstance(rule, annotated_types.Ge):
                found["smallest"] = rule.ge
            elif isinstance(rule, annotated_types.Le):
                found["largest"] = rule.le
        return cls(**found)


def label_of(name: str) -> str:
    """The setting's name as a person reads it: "Guidance scale"."""
    return name.replace("_", " ").capitalize()


def make_input(name: str) -> ipw.DOMWidget:
    """The input for one setting of `PipelineConfig`; its `value` is the setting's.

    Texts become lines, yes and no a box to tick, numbers sliders or (where a slider is too coarse)
    boxes, lists of names words to add and to take away.

    Raises:
        TypeError: the setting is of a type that has no input yet.
    """
    field = PipelineConfig.model_fields[name]
    if field.annotation is str:
        return dressed(ipw.Text(value=field.default, continuous_update=False), name)
    if field.annotation is bool:
        return dressed(ipw.Checkbox(value=field.default), name)
    if field.annotation is float:
        return dressed(_fraction(field), name)
    if field.annotation is int:
        return dressed(_count(field), name)
    if field.annotation == tuple[str, ...]:
        return dressed(ipw.TagsInput(value=list(field.default), allow_duplicates=False), name)
    message = (
        f"no input for setting {name!r} of type {field.annotation}; add one to widgets/inputs.py"
    )
    raise TypeError(message)


def dressed(control: ipw.DOMWidget, name: str) -> ipw.DOMWidget:
    """`control` with the setting's label, its help as a tooltip, and a class to find it by."""
    control.description = label_of(name)
    control.tooltip = PipelineConfig.model_fields[name].description
    control.add_class("mls-field")
    control.add_class(f"mls-{name.replace('_', '-')}")
    return control


def _fraction(field: FieldInfo) -> ipw.FloatSlider:
    limits = Limits.of(field)
    if limits.smallest is None or limits.largest is None:
        message = f"a slider needs both limits; the field has {limits}"
        raise TypeError(message)
    is_long = limits.largest - limits.smallest > _LONG_RANGE
    return ipw.FloatSlider(
        value=field.default,
        min=limits.smallest,
        max=limits.largest,
        step=_COARSE if is_long else _FINE,
        readout_format=".1f",
        continuous_update=False,
    )


def _count(field: FieldInfo) -> ipw.DOMWidget:
    limits = Limits.of(field)
    if limits.smallest is None or limits.largest is None:
        return ipw.IntText(value=field.default)
    is_short = limits.largest - limits.smallest <= _LONGEST_SLIDER
    control = ipw.IntSlider if is_short else ipw.BoundedIntText
    # The limits first: a value is held to those that are there when it comes.
    return control(
        min=limits.smallest, max=limits.largest, value=field.default, continuous_update=False
    )
