"""What is called when a person does something in a viewer: paints, chooses, drops, opens, marks."""

from collections.abc import Callable, Iterable
from typing import Any

import anywidget
import traitlets

from widgets.guard import guarded
from widgets.messages import text_of, title_of

OnMask = Callable[[bytes | None], object]
OnBoxes = Callable[[list[dict[str, Any]]], object]
OnBoxSet = Callable[[str], object]
OnDrop = Callable[[str, bytes], object]
OnTile = Callable[[int], object]
OnMarked = Callable[[list[int]], object]
OnMarkKey = Callable[[str], object]


class Callbacks(anywidget.AnyWidget):
    """The callbacks of a viewer; an error of one is shown there, and the others still hear."""

    can_redraw = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._heard_mask: list[OnMask] = []
        self._heard_boxes: list[OnBoxes] = []
        self._heard_box_set: list[OnBoxSet] = []
        self._heard_redraw: list[OnBoxes] = []
        self._heard_drop: list[OnDrop] = []
        self._heard_tile: list[OnTile] = []
        self._heard_marked: list[OnMarked] = []
        self._heard_mark_key: list[OnMarkKey] = []

    def on_mask(self, callback: OnMask) -> None:
        """Call `callback` with the mask (a PNG, or None) when a person changes it."""
        self._heard_mask.append(callback)

    def on_boxes(self, callback: OnBoxes) -> None:
        """Call `callback` with the boxes when a person changes them."""
        self._heard_boxes.append(callback)

    def on_box_set(self, callback: OnBoxSet) -> None:
        """Call `callback` with a name of `box_sets` when a person chooses it."""
        self._heard_box_set.append(callback)

    def on_redraw(self, callback: OnBoxes) -> None:
        """Call `callback` with the boxes when a person presses Redraw boxes, which then appears."""
        self._heard_redraw.append(callback)
        self.can_redraw = True

    def on_drop(self, callback: OnDrop) -> None:
        """Call `callback` with name and content of each picture dropped, pasted or opened."""
        self._heard_drop.append(callback)

    def on_tile(self, callback: OnTile) -> None:
        """Call `callback` with the index of a tile when a person opens it."""
        self._heard_tile.append(callback)

    def on_marked(self, callback: OnMarked) -> None:
        """Call `callback` with the indices of the marked tiles when a person changes them."""
        self._heard_marked.append(callback)

    def on_mark_key(self, callback: OnMarkKey) -> None:
        """Call `callback` with a key pressed on the grid while tiles are marked.

        It is "0" to "5", which means stars, or "Delete".
        """
        self._heard_mark_key.append(callback)

    def _tell(self, callbacks: Iterable[Callable[..., object]], *news: Any) -> None:
        for callback in callbacks:
            guarded(callback, self._show_error)(*news)

    def _show_error(self, error: BaseException, trace: str) -> None:
        """Show an error in the viewer, where the person is looking."""
        told = {"name": title_of(error), "text": text_of(error), "trace": trace}
        self.send({"kind": "error", **told})
