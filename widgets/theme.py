"""The panel's style sheet, `theme.css`, based on JupyterLab's light and dark colours."""

from pathlib import Path

import ipywidgets as ipw


class Theme(ipw.HTML):
    """An invisible widget that adds the style sheet to the page."""

    def __init__(self) -> None:
        super().__init__(f"<style>{Path(__file__).with_suffix('.css').read_text()}</style>")
        self.layout.display = "none"
