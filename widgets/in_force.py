"""Chips of what is bound to one picture, while it is in force; each can be removed."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import ipywidgets as ipw

from medialab.stages import TITLES
from widgets.button import make_button
from widgets.form import Form
from widgets.form_shapes import OF_STAGES
from widgets.form_values import FROM_NOISE
from widgets.guard import Show


class Bound(NamedTuple):
    """A value that belongs to one picture: its words, and the values to set to remove it."""

    label: str
    removed: Mapping[str, Any]


def bound_in(form: Form) -> list[Bound]:
    """Return what is bound to one picture and in force: start picture, masks, boxes, controls."""
    found = []
    if form.mode != FROM_NOISE:
        found.append(Bound("Start picture", {"image": None}))
    if form.mode == "inpaint" and form.value("inpaint.mask") is not None:
        found.append(Bound("Mask", {"inpaint.mask": None}))
    found += _controls(form, "control", "Control picture")
    for stage, shapes in OF_STAGES.items():
        if "enabled" not in shapes or not form.value(f"{stage}.enabled"):
            continue
        title = TITLES.get(stage, stage)
        if "detections" in shapes and (boxes := form.value(f"{stage}.detections")):
            count = "1 box" if len(boxes) == 1 else f"{len(boxes)} boxes"
            found.append(Bound(f"{count} of {title}", {f"{stage}.detections": None}))
        if "mask" in shapes and form.value(f"{stage}.mask") is not None:
            found.append(Bound(f"Mask of {title}", {f"{stage}.mask": None}))
        if "control" in shapes:
            found += _controls(form, f"{stage}.control", f"Control picture of {title}")
    return found


def _controls(form: Form, name: str, label: str) -> list[Bound]:
    units = form.value(name) or []
    if not any(unit.get("image") and unit.get("enabled", True) for unit in units):
        return []
    return [Bound(label, {name: [{**unit, "image": None} for unit in units]})]


class InForce(ipw.HBox):
    """A chip for each value that belongs to one picture and is in force; a press removes it.

    Args:
        form: the form to follow.
        show_error: shows an error of a callback.
    """

    def __init__(self, form: Form, show_error: Show) -> None:
        self._form, self._show_error = form, show_error
        self._shown: list[Bound] = []
        self._chips: list[ipw.Button] = []
        super().__init__()
        self.add_class("mls-in-force")
        form.on_change(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the chips for the form's present values."""
        found = bound_in(self._form)
        if found == self._shown and self._chips:
            return
        for chip in self._chips:
            for part in (chip.layout, chip.style, chip):
                part.close()
        self._shown = found
        self.children = self._chips = [self._chip(one) for one in found]
        self.layout.display = None if found else "none"

    def _chip(self, bound: Bound) -> ipw.Button:
        return make_button(
            "chip",
            partial(self._form.set, bound.removed),
            self._show_error,
            label=f"{bound.label} ✕",
            tooltip=f"In force for the next picture: {bound.label}. Press to remove it",
        )
