"""The panel's style sheet, based on JupyterLab's light and dark colours."""

from pathlib import Path

import ipywidgets as ipw

# One file of `theme/` for each part of the panel; a later one wins over an earlier one.
PARTS = ("base", "shell", "form", "canvas", "history", "models", "small")


def style_sheet() -> str:
    """Return the whole style sheet."""
    folder = Path(__file__).with_suffix("")
    return "\n".join((folder / f"{part}.css").read_text() for part in PARTS)


class Theme(ipw.HTML):
    """An invisible widget that adds the style sheet to the page."""

    def __init__(self) -> None:
        super().__init__(f"<style>{style_sheet()}</style>")
        self.layout.display = "none"
