"""The panel's keys, which are its own alone, and what a screen reader is told."""

from pathlib import Path

import anywidget


class Keyboard(anywidget.AnyWidget):
    """Shows nothing and listens in the browser, for the panel that it is a child of."""

    _esm = Path(__file__).with_suffix(".bundle.js")

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
