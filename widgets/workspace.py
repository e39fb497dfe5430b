"""The studio's three parts, left to right: the settings, the canvas, the shelf."""

from collections.abc import Sequence

import ipywidgets as ipw

from widgets.splitter import Splitter


class Workspace(ipw.Box):
    """The form with `actions` below it, the canvas, and the shelf; splitters stand between.

    The style sheet makes drawers of the form and the shelf where there is no room for columns.
    """

    def __init__(
        self,
        left: Sequence[ipw.Widget],
        actions: ipw.Widget,
        canvas: ipw.Widget,
        shelf: ipw.Widget,
    ) -> None:
        scroll = ipw.VBox(left)
        scroll.add_class("mls-scroll")
        actions.add_class("mls-actions")
        self.left = ipw.VBox([scroll, actions])
        self.left.add_class("mls-left-column")
        before = Splitter(side="before", label="settings", smallest=264, largest=560)
        after = Splitter(side="after", label="shelf", smallest=220, largest=640)
        before.add_class("mls-left-splitter")
        after.add_class("mls-shelf-splitter")
        super().__init__([self.left, before, canvas, after, shelf])
        self.add_class("mls-workspace")
