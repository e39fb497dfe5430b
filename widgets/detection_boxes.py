"""The detections of the shown run's detailers, as boxes on the picture."""

from collections.abc import Callable, Mapping
from typing import Any

from medialab import Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.stages import TITLES
from widgets.canvas import Canvas


class DetectionBoxes:
    """Shows the detections of one detailer at a time, and hands edited ones on to be redrawn.

    Args:
        bench: the workbench, for cached pictures.
        canvas: the canvas; whenever it shows another picture, that one's boxes are shown.
        redraw: called with a detailer's name and its edited detections.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        redraw: Callable[[str, list[dict[str, Any]]], object],
    ) -> None:
        self._bench, self._canvas = bench, canvas
        self._scale = 1.0  # the shown picture's size relative to the detailer's input picture
        canvas.on_shown(self._take)
        canvas.viewer.on_box_set(self.choose)
        canvas.viewer.on_redraw(lambda boxes: redraw(canvas.viewer.box_set, self._own(boxes)))

    def choose(self, detailer: str) -> None:
        """Show the boxes of a detailer of the shown run; "" for none."""
        viewer, shown = self._canvas.viewer, self._canvas.shown
        detections = shown.detections.get(detailer, ()) if shown else ()
        self._scale = self._scale_of(detailer) if detections else 1.0
        viewer.box_set = detailer
        viewer.boxes = [_scaled(one.model_dump(mode="json"), self._scale) for one in detections]

    def _take(self) -> None:
        """Take the detections of the picture that is shown now: of a batch, only the first's."""
        shown = self._canvas.shown
        tables = shown.detections if shown and self._canvas.index == 0 else {}
        found = [(name, len(table)) for name, table in tables.items() if table]
        self._canvas.viewer.box_sets = [
            {"name": name, "title": TITLES[name], "count": count} for name, count in found
        ]
        self.choose(found[0][0] if found else "")

    def _own(self, boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return boxes in pixels of the detailer's input picture."""
        return [_scaled(box, 1 / self._scale) for box in boxes]

    def _scale_of(self, detailer: str) -> float:
        """Return the shown picture's scale relative to the detailer's input picture."""
        shown = self._canvas.shown
        if shown is None or not isinstance(shown.config, ResolvedConfig):
            return 1.0
        searched = self._bench.picture_after(shown.config, detailer)
        return self._canvas.viewer.size[0] / searched.width if searched else 1.0


def _scaled(box: Mapping[str, Any], scale: float) -> dict[str, Any]:
    return {**box, "box": [round(edge * scale) for edge in box["box"]]}
