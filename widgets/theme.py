"""The panel's looks: `theme.css`, over JupyterLab's own colours in light and dark."""

from pathlib import Path

import ipywidgets as ipw


class Theme(ipw.HTML):
    """Brings the style sheet into the page that shows the panel."""

    def __init__(self) -> None:
        super().__init__(f"<style>{Path(__file__).with_suffix('.css').read_text()}</style>")
        self.layout.display = "none"
