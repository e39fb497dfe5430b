"""The panel's keyboard shortcuts, separate from the notebook's, and its screen reader messages."""

from pathlib import Path

import anywidget


class Keyboard(anywidget.AnyWidget):
    """An invisible widget that listens for keys in the panel that contains it."""

    _esm = Path(__file__).with_suffix(".bundle.js")

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
