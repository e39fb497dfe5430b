"""The header of the studio: what is at work, and the buttons of the room."""

from pathlib import Path

import anywidget
import traitlets


class Header(anywidget.AnyWidget):
    """The bar above the studio: its name, `facts`, and buttons that fold and fill.

    It also gives the studio its height, and remembers in the browser what is folded. `facts` are
    short texts such as the checkpoint and the device.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    facts = traitlets.List(traitlets.Unicode()).tag(sync=True)
