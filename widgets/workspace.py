"""Three resizable columns; on a narrow page they are stacked."""

from collections.abc import Sequence

import ipywidgets as ipw

from widgets.splitter import Splitter


class Workspace(ipw.HBox):
    """The studio's three columns: `left` with `actions` below it, `canvas`, and `right`.

    While the Models tab is selected, `models` replaces the left column and the canvas.
    """

    def __init__(
        self,
        left: Sequence[ipw.Widget],
        actions: ipw.Widget,
        canvas: ipw.Widget,
        right: Sequence[ipw.Widget],
        models: ipw.Widget,
    ) -> None:
        scroll = ipw.VBox(left)
        scroll.add_class("mls-scroll")
        actions.add_class("mls-actions")
        self.left = ipw.VBox([scroll, actions])
        self.left.add_class("mls-left-column")
        self.right = ipw.VBox(right)
        self.right.add_class("mls-right-column")
        for part in (self.left, canvas):
            part.add_class("mls-not-models")
        models.add_class("mls-only-models")
        between = [
            Splitter(side="before", label="parameters", smallest=280, largest=640),
            Splitter(side="after", label="queue and history", smallest=220, largest=640),
        ]
        for splitter in between:
            splitter.add_class("mls-not-models")
        between[1].add_class("mls-right-splitter")
        super().__init__([models, self.left, between[0], canvas, between[1], self.right])
        self.add_class("mls-workspace")
