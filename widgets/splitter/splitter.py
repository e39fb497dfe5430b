"""The handle between two panels of a row: drag it, or move it by the keyboard."""

from pathlib import Path

import anywidget
import traitlets


class Splitter(anywidget.AnyWidget):
    """Put between two children of a flex row; it sets the width of one of its neighbours.

    `width` is that neighbour's, in CSS pixels between `smallest` and `largest`; 0 leaves it to the
    row's own layout, as a double click does. `side` says which neighbour: the one before or after.
    `label` names that panel to screen readers. Where the row wraps the handle is hidden, and the
    panels have their own widths.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    width = traitlets.Int(0, min=0).tag(sync=True)
    smallest = traitlets.Int(200, min=0).tag(sync=True)
    largest = traitlets.Int(1200, min=0).tag(sync=True)
    side = traitlets.Enum(("before", "after"), "before").tag(sync=True)
    label = traitlets.Unicode("panel").tag(sync=True)
