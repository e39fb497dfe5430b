"""The toolbar below the picture: pictures after each stage, detections, settings, saving."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as ipw

from medialab import Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.stages import STAGES
from medialab.stages.detailer.edits import DetectionEdit
from widgets.button import make_button
from widgets.canvas import Canvas, encode_png
from widgets.guard import Show, guarded

_RESULT = ""
_TITLES = {stage.name: stage.title for stage in STAGES}


class RunToolbar(ipw.HBox):
    """Tools for the run on the canvas; call `take` whenever the canvas shows another.

    Args:
        bench: the workbench, for cached pictures.
        canvas: the canvas.
        draw_again: called with a detailer's name and its edited detections.
        use: called to copy the picture's settings to the form.
        keep: called to save a picture that was not saved.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        draw_again: Callable[[str, list[dict[str, Any]]], object],
        use: Callable[[], object],
        keep: Callable[[], object],
        show_error: Show,
    ) -> None:
        self._bench, self._canvas = bench, canvas
        self._detections: Mapping[str, Sequence[DetectionEdit]] = {}
        self._scale = 1.0  # the shown picture's size relative to the detailer's input picture
        self._taking = False
        self.stage = ipw.Dropdown(options=[("Result", _RESULT)], value=_RESULT)
        self.stage.description = "Show"
        self.stage.tooltip = "The picture after any stage of this run"
        self.stage.add_class("mls-shown-stage")
        self.detailer = ipw.Dropdown(options=[])
        self.detailer.description = "Boxes"
        self.detailer.tooltip = "The stage whose detections are shown as boxes on the picture"
        self.detailer.add_class("mls-finds")
        for control in (self.stage, self.detailer):
            control.add_class("mls-inline")
        self.again = make_button(
            "draw-again",
            lambda: draw_again(self.detailer.value, self.boxes()),
            show_error,
            label="Redraw boxes",
            tooltip="Repaint the parts in the boxes, and run the stages after that again",
        )
        self.use = make_button(
            "use-settings",
            use,
            show_error,
            label="Use settings",
            tooltip="Fill in the settings that made this picture",
        )
        self.keep = make_button(
            "keep",
            keep,
            show_error,
            label="Save",
            tooltip="Save this picture and its settings in the history",
        )
        super().__init__([self.stage, self.detailer, self.again, self.use, self.keep])
        self.add_class("mls-run-tools")
        self.stage.observe(guarded(lambda _: self._show_stage(), show_error), "value")
        self.detailer.observe(guarded(lambda _: self._show_boxes(), show_error), "value")
        self.take()

    def take(self) -> None:
        """Update the tools for the picture on the canvas."""
        shown = self._canvas.shown
        config = shown.config if shown else None
        done = [
            one for one in (shown.stages if shown else ()) if one["state"] in {"cached", "done"}
        ]
        drawn = [one["name"] for one in done if one["name"] not in {"prompt", "control"}]
        self._detections = dict(shown.detections) if shown else {}
        self._taking = True
        try:
            can_look = isinstance(config, ResolvedConfig)
            names = drawn[:-1] if can_look else []
            self.stage.options = [
                ("Result", _RESULT),
                *((f"After {_TITLES[name]}", name) for name in names),
            ]
            self.stage.value = _RESULT
            found = [name for name, table in self._detections.items() if table]
            self.detailer.options = [
                (f"{_TITLES[name]} ({len(self._detections[name])})", name) for name in found
            ]
            self.detailer.value = next(iter(found), None)
        finally:
            self._taking = False
        self.stage.layout.display = None if names else "none"
        for part in (self.detailer, self.again):
            part.layout.display = None if found else "none"
        self.use.layout.display = "none" if config is None else None
        is_kept = shown is None or bool(shown.paths) or config is None
        self.keep.layout.display = "none" if is_kept else None
        self._show_boxes()

    def boxes(self) -> list[dict[str, Any]]:
        """Return the canvas's boxes, in pixels of the detailer's input picture."""
        return [_scaled(box, 1 / self._scale) for box in self._canvas.viewer.boxes]

    def _show_stage(self) -> None:
        shown = self._canvas.shown
        if self._taking or shown is None or not isinstance(shown.config, ResolvedConfig):
            return
        if self.stage.value == _RESULT:
            self._canvas.viewer.show(shown.files[0])
            return
        picture = self._bench.picture_after(shown.config, self.stage.value)
        if picture is None:
            message = "this stage's picture is no longer cached; run again from the stage to see it"
            raise LookupError(message)
        self._canvas.viewer.show(encode_png(picture), before=shown.files[0])

    def _show_boxes(self) -> None:
        if self._taking:
            return
        detections = self._detections.get(self.detailer.value or "", ())
        self._scale = self._scale_of(self.detailer.value) if detections else 1.0
        self._canvas.viewer.boxes = [
            _scaled(one.model_dump(mode="json"), self._scale) for one in detections
        ]

    def _scale_of(self, detailer: str) -> float:
        """Return the shown picture's scale relative to the detailer's input picture."""
        shown = self._canvas.shown
        if shown is None or not isinstance(shown.config, ResolvedConfig):
            return 1.0
        searched = self._bench.picture_after(shown.config, detailer)
        return self._canvas.viewer.size[0] / searched.width if searched else 1.0


def _scaled(box: Mapping[str, Any], scale: float) -> dict[str, Any]:
    return {**box, "box": [round(edge * scale) for edge in box["box"]]}
