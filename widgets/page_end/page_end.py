"""Ending the kernel when its page is closed, where the studio is a page of its own."""

from pathlib import Path

import anywidget


class PageEnd(anywidget.AnyWidget):
    """An invisible widget that notices when the page is closed."""

    _esm = Path(__file__).with_suffix(".bundle.js")

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
