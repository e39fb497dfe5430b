"""Inputs for values that are made on the canvas: masks, pictures, edited detections."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from html import escape
from typing import Any

import ipywidgets as ipw
import traitlets

from medialab.errors import PictureError
from widgets.button import make_button
from widgets.guard import Show
from widgets.input_context import InputContext
from widgets.shapes import Shape


class CanvasInput(ipw.HBox):
    """A value made on the canvas; the input shows that it is set, and can remove it."""

    value = traitlets.Any(None, allow_none=True)
    description = traitlets.Unicode("")

    def __init__(self, start: Any, what: str, show_error: Show) -> None:
        self._what = what
        self.text = ipw.HTML()
        self.drop = make_button(
            "held-drop", self._remove, show_error, icon="times", tooltip=f"Remove the {what}"
        )
        super().__init__([self.text, self.drop])
        self.value = start
        self.observe(lambda _: self._show(), ["value", "description"])
        self._show()

    def _remove(self) -> None:
        self.value = None

    def _show(self) -> None:
        is_set = self.value is not None
        self.drop.disabled = not is_set
        count = f"{len(self.value)} " if isinstance(self.value, tuple | list) else ""
        text = f"{count}{self._what} in use" if is_set else f"no {self._what}"
        lines = [escape(text), *map(escape, self._notes() if is_set else ())]
        self.text.value = f"<b>{escape(self.description)}</b> {'<br>'.join(lines)}"

    def _notes(self) -> Sequence[str]:
        """Return lines to show below the value."""
        return ()


class PictureInput(CanvasInput):
    """A stored picture or mask, with a button to take it from the canvas."""

    def __init__(self, shape: Shape, start: Any, context: InputContext) -> None:
        is_mask = shape.name == "mask"
        self._changes: Callable[[str], Sequence[str]] = lambda name: context.changes(
            name, "mask" if is_mask else "control"
        )
        super().__init__(start, "mask" if is_mask else "picture", context.show_error)
        take = context.mask if is_mask else context.shown
        self.take = make_button(
            "held-take",
            lambda: setattr(self, "value", take()),
            context.show_error,
            label="Use the painted mask" if is_mask else "Use this picture",
            tooltip=f"Take the {'mask' if is_mask else 'picture'} from the canvas",
        )
        self.children = [self.text, self.take, self.drop]

    def _notes(self) -> Sequence[str]:
        with suppress(PictureError):  # a missing picture is reported when it is used
            return self._changes(str(self.value))
        return ()
