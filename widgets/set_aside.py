"""A line in the form that names values set aside, with a button to use them anyway."""

from collections.abc import Callable

import ipywidgets as ipw

from widgets.button import make_button
from widgets.guard import Show


class SetAsideLine(ipw.HBox):
    """A line that names the values set aside, with a button to use them; otherwise hidden."""

    def __init__(self, show_error: Show) -> None:
        self.text = ipw.HTML()
        self._action: Callable[[], object] = lambda: None
        self.back = make_button(
            "use-them-here",
            self._press,
            show_error,
            label="Use them anyway",
            tooltip="Use them for this picture",
        )
        super().__init__([self.text, self.back])
        self.add_class("mls-made-for")
        self.clear()

    def offer(self, html: str, action: Callable[[], object]) -> None:
        """Show the line; its button calls `action`."""
        self._action = action
        self.text.value = f'<div role="status">{html}</div>'
        self.layout.display = None

    def clear(self) -> None:
        """Hide the line."""
        self._action = lambda: None
        self.text.value = ""
        self.layout.display = "none"

    def _press(self) -> None:
        action = self._action
        self.clear()
        action()
