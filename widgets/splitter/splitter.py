"""The handle between two panels of a row: drag it, or move it by the keyboard."""

from pathlib import Path

import anywidget
import traitlets


class Splitter(anywidget.AnyWidget):
    """A handle between two children of a flex row; it sets the width of one of them.

    `width` is that child's width in CSS pixels, from `smallest` to `largest`; 0, set by a double
    click, leaves it to the row's layout. `side` is "before" or "after": the child to set. `label`
    names it for screen readers. If the row wraps, the handle is hidden and has no effect.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    width = traitlets.Int(0, min=0).tag(sync=True)
    smallest = traitlets.Int(200, min=0).tag(sync=True)
    largest = traitlets.Int(1200, min=0).tag(sync=True)
    side = traitlets.Enum(("before", "after"), "before").tag(sync=True)
    label = traitlets.Unicode("panel").tag(sync=True)
