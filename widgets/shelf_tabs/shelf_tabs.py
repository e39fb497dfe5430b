"""The tabs of the shelf: a row above its pages, or a rail of icons beside the picture."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets


class ShelfTabs(anywidget.AnyWidget):
    """Tabs that choose which of the sibling pages (`mls-shelf-page`) is shown.

    `names` are the pages' titles in order; `chosen` is one of them.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)

    def __init__(self, names: list[str], **traits: Any) -> None:
        super().__init__(names=names, chosen=names[0], **traits)

    def turn_to(self, name: str) -> None:
        """Choose a page, and open the shelf where it is folded away.

        Raises:
            traitlets.TraitError: there is no such page.
        """
        self.chosen = name
        self.send({"kind": "open"})

    @traitlets.validate("chosen")
    def _chosen_is_a_page(self, proposal: traitlets.Bunch) -> str:
        name = str(proposal["value"])
        if name not in self.names:
            message = f"no page {name!r} on the shelf; known: {', '.join(self.names)}"
            raise traitlets.TraitError(message)
        return name
