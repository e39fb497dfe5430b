"""The fields of a sheet, made from the shapes of settings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from medialab.settings.fields import StageConfig
from widgets.arrangement import EXAMPLES, Arrangement, Group
from widgets.shapes import Shape, shapes_of

Names = Callable[[str], Sequence[str]]

# A slider longer than this many steps cannot be set to the one that is meant.
_LONGEST_SLIDER = 500
# How far sliders for fractions move, by the length of their range.
_STEPS = ((2.0, 0.05), (10.0, 0.1), (float("inf"), 0.5))
_PLAIN = {str: "text", bool: "tick"}
_PICTURE_ACTIONS = [
    {"name": "canvas", "label": "This picture", "help": "Take the picture on the canvas"},
    {"name": "history", "label": "History…", "help": "Choose a picture of the history"},
]
_MASK_ACTIONS = [
    {"name": "paint", "label": "Paint…", "help": "Paint the mask on the picture shown"},
    {"name": "painted", "label": "Use painted", "help": "Take the mask that is painted"},
]
_PROMPTS = ("prompt", "negative_prompt")
_WIDE = frozenset({"prompt", "text", "names", "loras", "units", "picture", "pictures", "boxes"})


def field_of(shape: Shape, names: Names, *, name: str = "", group: str = "") -> dict[str, Any]:
    """Return the description of one field, as a `Sheet` takes it.

    Args:
        shape: the setting.
        names: returns the names of the models of a kind.
        name: the field's name, if it is not the setting's.
        group: the name of the field's group.

    Raises:
        TypeError: no kind of field is made for settings of this type.
    """
    found = {
        "name": name or shape.name,
        "label": shape.title,
        "help": shape.help,
        "group": group,
        "optional": shape.optional,
        "unit": shape.shown_unit,
        **_kind_of(shape, names),
    }
    if (example := EXAMPLES.get(shape.name)) and found["kind"] != "names":
        found["example"] = example
    if shape.zero:
        found["zero"] = shape.zero
    if not shape.optional and found["kind"] in {"number", "whole", "choice", "text", "tick"}:
        found["default"] = shape.default
    return {**found, "wide": found["kind"] in _WIDE}


def fields_of(
    shapes: Mapping[str, Shape], groups: Iterable[Group], names: Names, *, stage: str = ""
) -> list[dict[str, Any]]:
    """Return the fields of some groups of settings, in order.

    Args:
        shapes: the shapes of the stage's settings, by name.
        groups: the groups.
        names: returns the names of the models of a kind.
        stage: the stage, whose name with a dot begins the fields' names; "" for none.
    """
    before = f"{stage}." if stage else ""
    groups = list(groups)
    has_headings = len(groups) > 1 or len(groups[0].settings) > 1
    return [
        field_of(
            shapes[name],
            names,
            name=f"{before}{name}",
            group=group.name if has_headings else "",
        )
        for group in groups
        for name in group.settings
    ]


def titles_of(arrangement: Arrangement) -> list[dict[str, str]]:
    """Return the headings of an arrangement's groups, as a `Sheet` takes them."""
    return [{"name": group.name, "title": group.title} for group in arrangement.groups]


def offered(shape: Shape, names: Names) -> list[list[str]]:
    """Return the names that a menu of a setting offers, each a label and a value."""
    if shape.named is None:
        return [[_label(choice), choice] for choice in shape.choices]
    listed = [[_label(name), name] for name in shape.named.also]
    listed += [[name, name] for name in names(shape.named.kind)]
    none = shape.named.none
    return listed if none is None else [[none, ""], *listed]


def _kind_of(shape: Shape, names: Names) -> dict[str, Any]:
    if shape.many:
        return _kind_of_many(shape, names)
    if shape.choices or shape.named:
        is_free = shape.named is not None and shape.named.free
        return {"kind": "choice", "choices": offered(shape, names), "free": is_free}
    if shape.kind in {int, float}:
        return _number(shape)
    if shape.is_picture:
        actions = _MASK_ACTIONS if shape.name == "mask" else _PICTURE_ACTIONS
        return {"kind": "picture", "actions": actions}
    if shape.name in _PROMPTS:
        return {"kind": "prompt"}
    if shape.kind not in _PLAIN:
        raise TypeError(f"no field for setting {shape.name!r} of type {shape.kind}")
    return {"kind": _PLAIN[shape.kind]}


def _kind_of_many(shape: Shape, names: Names) -> dict[str, Any]:
    if shape.name == "loras":
        return {"kind": "loras"}
    if shape.name == "detections":
        return {"kind": "boxes", "item": "edited box", "items": "edited boxes"}
    if shape.is_picture:  # the start picture is the first
        return {"kind": "pictures", "actions": _PICTURE_ACTIONS, "min": 2}
    if shape.kind is str:
        kind = shape.named.kind if shape.named else ""
        return {"kind": "names", "choices": [[name, name] for name in names(kind)] if kind else []}
    if shape.is_list_of_settings:
        blank = {name: _blank(one, names) for name, one in shapes_of(shape.kind).items()}
        fields = unit_fields(shape.kind, names)
        return {"kind": "units", "fields": fields, "blank": blank, "item": "ControlNet"}
    raise TypeError(f"no field for setting {shape.name!r}, a list of {shape.kind}")


def _blank(shape: Shape, names: Names) -> Any:
    """Return what a new unit begins with: the default, or the first model where one is needed."""
    if not shape.required or shape.named is None:
        return shape.default
    return next(iter(names(shape.named.kind)), "")


def unit_fields(model: type[StageConfig], names: Names) -> list[dict[str, Any]]:
    """Return the fields of one unit of a list of settings, such as a ControlNet."""
    shapes = shapes_of(model)
    first = [name for name in ("enabled", "model", "image", "preprocessor") if name in shapes]
    ordered = dict.fromkeys((*first, *shapes))
    return [field_of(shapes[name], names) for name in ordered]


def _number(shape: Shape) -> dict[str, Any]:
    least, most = shape.limits.smallest, shape.limits.largest
    found: dict[str, Any] = {"kind": "whole" if shape.kind is int else "number"}
    if least is None or most is None:
        return found
    length = most - least
    if shape.kind is float:
        step: float = next(step for longest, step in _STEPS if length <= longest)
        return found | {"min": least, "max": most, "step": step, "slider": True}
    # A side has no limits here: a wrong one is told beside it, not silently changed.
    if shape.limits.step:
        return found | {"step": int(shape.limits.step)}
    is_short = length <= _LONGEST_SLIDER
    return found | {"min": int(least), "max": int(most), "step": 1, "slider": is_short}


def _label(choice: str) -> str:
    """Return a choice as a person reads it: "crop and resize" with a capital, PNG in capitals."""
    return _SPELT.get(choice, choice[:1].upper() + choice[1:])


_SPELT = {
    "png": "PNG",
    "jpeg": "JPEG",
    "webp": "WebP",
    "v_prediction": "v prediction",
    "off": "Off",
}
