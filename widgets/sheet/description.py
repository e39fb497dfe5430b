"""Descriptions of the fields that a sheet draws, checked before the browser gets them."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, get_type_hints

import traitlets

KINDS = (
    "boxes",
    "choice",
    "lines",
    "loras",
    "names",
    "number",
    "picture",
    "pictures",
    "prompt",
    "seed",
    "size",
    "text",
    "tick",
    "units",
    "whole",
)


class Field(TypedDict):
    """One setting of a sheet.

    Attributes:
        name: its name, unique in the sheet.
        label: its name as a person reads it.
        kind: what it is set with, one of `KINDS`.
        help: what it does; the tooltip, and read to a blind person.
        group: the name of its group; "" for none.
        optional: whether it may be None, which means inherited or automatic.
        default: what ↺ goes back to where it may not be None; without one there is no ↺.
        unit: what a number counts, such as "px".
        zero: what stands in the unit's place where the number is 0, such as "no limit".
        min: the least number; of a list of pictures, the number of its first one.
        max: the greatest number.
        step: how far a key or a slider moves it.
        slider: whether there is a slider beside the number; it needs `min` and `max`.
        live: whether values come while a slider is dragged, at most ten a second; the default.
        choices: what a menu offers, each a label and a value.
        free: whether another text may be typed.
        example: a text shown, greyed, while there is none.
        wide: whether it takes a line of its own, under its label.
        rows: how many lines a longer text has room for at first.
        item: one of what is counted, such as "edited box".
        items: several of them.
        info: of LoRAs by name: a dict of `family`, `refused` (why it cannot be used, or "") and
            `words` (its trigger words).
        also: other places where a LoRA can be used, each a label and a value.
        fields: the settings of each unit, as those of a sheet; one named "enabled" is its switch.
        blank: the settings that a new unit begins with.
        actions: buttons beside it, each a dict of `name`, `label` and, if wanted, `help`.
        sweep: whether it has a button that varies it, which is the action "sweep"; that of a
            LoRA's weight comes with ":" and its name.
    """

    name: str
    label: str
    kind: str
    help: NotRequired[str]
    group: NotRequired[str]
    optional: NotRequired[bool]
    default: NotRequired[Any]
    unit: NotRequired[str]
    zero: NotRequired[str]
    min: NotRequired[float | None]
    max: NotRequired[float | None]
    step: NotRequired[float | None]
    slider: NotRequired[bool]
    live: NotRequired[bool]
    choices: NotRequired[Sequence[Sequence[Any]]]
    free: NotRequired[bool]
    example: NotRequired[str]
    wide: NotRequired[bool]
    rows: NotRequired[int]
    item: NotRequired[str]
    items: NotRequired[str]
    info: NotRequired[Mapping[str, Mapping[str, Any]]]
    also: NotRequired[Sequence[Sequence[str]]]
    fields: NotRequired[Sequence[Mapping[str, Any]]]
    blank: NotRequired[Mapping[str, Any]]
    actions: NotRequired[Sequence[Mapping[str, str]]]
    sweep: NotRequired[bool]


_KEYS = frozenset(get_type_hints(Field))


def checked_fields(fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return descriptions as they are sent to the browser; keys that are None are left out.

    Raises:
        traitlets.TraitError: a description could not be drawn.
    """
    names: set[str] = set()
    checked = []
    for field in fields:
        _check(field)
        if field["name"] in names:
            raise traitlets.TraitError(f"two fields are named {field['name']!r}: rename one")
        names.add(field["name"])
        whole = {key: value for key, value in field.items() if value is not None}
        if "fields" in whole:
            whole["fields"] = checked_fields(whole["fields"])
        checked.append(whole)
    return checked


def _check(field: Mapping[str, Any]) -> None:
    named = repr(field.get("name", dict(field)))
    for key in ("name", "label", "kind"):
        if not isinstance(field.get(key), str) or not field[key]:
            raise traitlets.TraitError(f"field {named} has no {key}: give it a text")
    if field["kind"] not in KINDS:
        known = ", ".join(KINDS)
        raise traitlets.TraitError(f"field {named} is of kind {field['kind']!r}: choose {known}")
    unknown = sorted(field.keys() - _KEYS)
    if unknown:
        known = ", ".join(sorted(_KEYS))
        raise traitlets.TraitError(f"field {named} has {', '.join(unknown)}; known are {known}")
    if field["kind"] == "choice" and field.get("choices") is None:
        raise traitlets.TraitError(f"field {named} is a choice: give it choices")
    if field["kind"] == "units" and not field.get("fields"):
        raise traitlets.TraitError(f"field {named} has units: give it their fields")
    if any(len(choice) != 2 for choice in field.get("choices") or ()):
        raise traitlets.TraitError(f"choices of {named}: give each a label and a value")
    if field.get("slider") and (field.get("min") is None or field.get("max") is None):
        raise traitlets.TraitError(f"field {named} has a slider: give it min and max")
