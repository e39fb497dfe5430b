"""A section of the panel that can be collapsed to its title."""

from collections.abc import Sequence

import ipywidgets as ipw


class Collapsible(ipw.VBox):
    """A title that expands and collapses its children; `beside` stands to the title's right."""

    def __init__(
        self,
        title: str,
        children: Sequence[ipw.Widget],
        *,
        name: str,
        opened: bool = False,
        beside: Sequence[ipw.Widget] = (),
    ) -> None:
        self.head = ipw.ToggleButton(value=opened, description=title)
        self.head.add_class("mls-fold-head")
        self.body = ipw.VBox(children)
        self.body.add_class("mls-fold-inner")
        line = ipw.HBox([self.head, *beside])
        line.add_class("mls-fold-line")
        super().__init__([line, self.body])
        self.add_class("mls-fold")
        self.add_class(f"mls-fold-{name}")
        self.head.observe(lambda _: self._open_or_close(), "value")
        self._open_or_close()

    @property
    def opened(self) -> bool:
        """Whether the section is expanded."""
        return bool(self.head.value)

    @opened.setter
    def opened(self, value: bool) -> None:
        self.head.value = value

    def _open_or_close(self) -> None:
        self.head.icon = "chevron-down" if self.opened else "chevron-right"
        self.body.layout.display = None if self.opened else "none"
