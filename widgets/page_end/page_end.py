"""The end of a page: where the studio is a page of its own, its kernel ends with it."""

from pathlib import Path

import anywidget


class PageEnd(anywidget.AnyWidget):
    """Shows nothing and listens in the browser for the page to be left."""

    _esm = Path(__file__).with_suffix(".bundle.js")

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
