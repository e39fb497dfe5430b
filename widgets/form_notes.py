"""What is worth knowing of the form's values: how large pictures will be, and what fits a model."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from medialab.pixels.geometry import fitted_size
from widgets.form_limits import FormLimits
from widgets.form_messages import NOTE, Message
from widgets.form_shapes import OF_STAGES, SHAPES
from widgets.form_values import CUSTOM, FROM_NOISE, KEEP, REPAIR, FormValues
from widgets.size_choice import better_size

Set = Callable[[Mapping[str, Any]], object]


def notes_of(
    values: FormValues, native: int | None, start: tuple[int, int] | None, set_values: Set
) -> dict[str, Message]:
    """Return the notes by field.

    Args:
        values: the form's state.
        native: the side in pixels that the checkpoint was trained at, or None.
        start: width and height of the start picture in pixels, or None.
        set_values: sets values of the form, for the notes' buttons.
    """
    return (
        _unread_note(values)
        | _control_note(values)
        | _size_notes(values, native, start, set_values)
    )


def limit_notes(values: FormValues, limits: FormLimits, set_values: Set) -> dict[str, Message]:
    """Return what the chosen checkpoints cannot do, beside what asks for it.

    Args:
        values: the form's state.
        limits: what they cannot do.
        set_values: sets values of the form, for the notes' buttons.
    """
    found = {}
    for name, why in limits.in_vain().items():
        stage, _, setting = name.rpartition(".")
        empty = (OF_STAGES[stage] if stage else SHAPES)[setting].default
        found[name] = Message(why, "Remove", partial(set_values, {name: empty}))
    if why := limits.why_no_mode():
        found["checkpoint" if values.mode == FROM_NOISE else "use"] = Message(why)
    return found


def _unread_note(values: FormValues) -> dict[str, Message]:
    """Return the note on a negative prompt that no step compares with."""
    guidance = values.in_force("guidance_scale")
    written = str(values.value("negative_prompt") or "").strip()
    if not written or guidance is None or guidance > 1:
        return {}
    text = "Not read at guidance 1: only a higher guidance compares with it."
    return {"negative_prompt": Message(text, level=NOTE)}


def _control_note(values: FormValues) -> dict[str, Message]:
    """Return which ControlNet lacks a picture, where none is there that it could follow."""
    units = values.value("control") or ()
    lacking = [
        number
        for number, unit in enumerate(units, start=1)
        if unit.get("enabled", True) and not unit.get("image")
    ]
    if not lacking or values.mode != FROM_NOISE:
        return {}
    name = f"ControlNet {lacking[0]}" if len(units) > 1 else "The ControlNet"
    return {"control": Message(f"{name} has no picture yet: choose one for it.")}


def _size_notes(
    values: FormValues, native: int | None, start: tuple[int, int] | None, set_values: Set
) -> dict[str, Message]:
    if values.mode == FROM_NOISE:
        sides = values.value("width"), values.value("height")
        return _size_note("size", ("width", "height"), sides, native, set_values)
    if start is None:
        return {}
    return _fit_note(values, native, start, set_values) if values.mode != REPAIR else {}


def _fit_note(
    values: FormValues, native: int | None, size: tuple[int, int], set_values: Set
) -> dict[str, Message]:
    fit = values.value("fit")
    if fit == CUSTOM:
        sides = values.value("start.width") or size[0], values.value("start.height") or size[1]
        names = ("start.width", "start.height")
        return _size_note("start.size", names, sides, native, set_values)
    fitted = size if native is None else fitted_size(*size, native)
    if fitted == size:
        return {}
    if fit == KEEP:
        text = f"{times(size)} is far from the model's {native} × {native}; this takes long."
        back = {"fit": "model"}
        return {"fit": Message(text, "Fit it", lambda: set_values(back), NOTE)}
    if values.mode == "inpaint":
        text = f"Drawn near {native} × {native}; around the mask every pixel stays."
        return {"fit": Message(text, level=NOTE)}
    text = f"{times(size)} → {times(fitted)}, enlarged again at the end."
    return {"fit": Message(text, level=NOTE)}


def _size_note(
    field: str, names: tuple[str, str], sides: tuple[Any, Any], native: int | None, set_values: Set
) -> dict[str, Message]:
    better = better_size(*sides, native)
    if better is None:
        return {}
    own = {names[0]: better[0], names[1]: better[1]}
    text = f"Far from the model's {native} × {native}: it takes long or looks odd."
    return {field: Message(text, f"Use {times(better)}", lambda: set_values(own), NOTE)}


def times(size: tuple[Any, Any]) -> str:
    """Return a size as people write it: "128 × 128"."""
    return f"{size[0]} × {size[1]}"
