"""The shelf: pages such as the history and the models, one of which is shown."""

from collections.abc import Callable, Mapping

import ipywidgets as ipw

from widgets.shelf_tabs import ShelfTabs


class Shelf:
    """Tabs over pages. Where the studio is not wide, it is a rail of icons that opens a drawer.

    `panel` is the widget.

    Args:
        parts: the content of each page, by title.
    """

    def __init__(self, parts: Mapping[str, ipw.Widget]) -> None:
        self.tabs = ShelfTabs(list(parts))
        pages = [ipw.Box([part]) for part in parts.values()]
        for page in pages:
            page.add_class("mls-shelf-page")
        inner = ipw.Box(pages)
        inner.add_class("mls-shelf-pages")
        self.panel = ipw.Box([self.tabs, inner])
        self.panel.add_class("mls-shelf")

    @property
    def chosen(self) -> str:
        """The title of the chosen page."""
        return str(self.tabs.chosen)

    def open(self, name: str) -> None:
        """Show a page; a shelf that is folded away opens.

        Raises:
            traitlets.TraitError: there is no such page.
        """
        self.tabs.turn_to(name)

    def choose(self, name: str) -> None:
        """Show a page where the shelf is open; a shelf that is folded away stays so.

        Raises:
            traitlets.TraitError: there is no such page.
        """
        self.tabs.chosen = name

    def on_open(self, callback: Callable[[str], object]) -> None:
        """Call `callback` with the title of each page that is chosen from now on."""
        self.tabs.observe(lambda change: callback(change["new"]), "chosen")
