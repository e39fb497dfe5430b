"""The size input: the model's own size, another shape of the same area, or any other."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw
import traitlets

from medialab import PipelineConfig
from medialab.pixels.geometry import SIDE_STEP
from widgets.button import make_button
from widgets.guard import Show, guarded
from widgets.inputs import label_control
from widgets.shapes import shapes_of

SHAPES = {
    "Landscape 4:3": (4, 3),
    "Portrait 3:4": (3, 4),
    "Wide 16:9": (16, 9),
    "Tall 9:16": (9, 16),
}
_OWN, _OTHER = "own", "other"
_USUAL = 512  # pixels; the initial value of both sides where the model's own size is unknown


def size_of_shape(native: int, across: int, down: int) -> tuple[int, int]:
    """Return the width and height (pixels) of a shape with the model's area, in whole steps.

    Args:
        native: the side of the square the model was trained at, in pixels.
        across: the shape's width, as in 16:9.
        down: the shape's height.
    """
    stretch = (across / down) ** 0.5
    return _in_blocks(native * stretch), _in_blocks(native / stretch)


def _in_blocks(pixels: float, block: int = SIDE_STEP) -> int:
    return max(round(pixels / block), 1) * block


class SizeInput(ipw.VBox):
    """A menu of shapes, with width, height, a button to swap them and a lock of their ratio.

    Typing a number selects "Another size". `value` equals `read()`, and changes once when both
    sides are set.

    Args:
        show_error: shows an error of a callback.
        own: the menu's name of the size without numbers.
        block: with a locked ratio, sides are multiples of this many pixels.
    """

    value = traitlets.Dict()

    def __init__(
        self, show_error: Show, own: str = "The model's own", block: int = SIDE_STEP
    ) -> None:
        self._block = block
        self._native: int | None = None
        self._own_name = own
        self._settling = False
        self._ratio = 1.0
        self.shape = ipw.Dropdown(
            description="Size",
            tooltip="A model works best near the number of pixels it was trained with.",
        )
        sides = shapes_of(PipelineConfig)
        # No limits here: a wrong number is reported, not silently changed.
        self.width = label_control(ipw.IntText(_USUAL, step=block), sides["width"])
        self.height = label_control(ipw.IntText(_USUAL, step=block), sides["height"])
        self.swap = make_button(
            "swap", self.swap_sides, show_error, icon="exchange", tooltip="Swap width and height"
        )
        self.lock = ipw.ToggleButton(icon="unlock", tooltip="Keep the ratio of width to height")
        self.lock.add_class("mls-button")
        self.lock.add_class("mls-lock")
        self._sides = ipw.HBox([self.width, self.swap, self.height, self.lock])
        super().__init__([self.shape, self._sides])
        self.add_class("mls-size")
        self.shape.add_class("mls-field")
        self.shape.add_class("mls-shape")
        self._sides.add_class("mls-sides")
        self.shape.observe(guarded(lambda _: self._settle(self._to_shape), show_error), "value")
        self.lock.observe(guarded(lambda _: self._lock_or_not(), show_error), "value")
        for side in (self.width, self.height):
            side.observe(guarded(self._side_changed, show_error), "value")
        self.offer(None)

    def offer(self, native: int | None) -> None:
        """Offer the shapes for a model; the selection stays if it is still offered.

        Args:
            native: the side of the square the model was trained at, in pixels; None if unknown.
        """
        self._native = native
        chosen = self.shape.value
        own = f"Square 1:1 ({native} × {native})" if native else self._own_name
        options = [(own, _OWN), ("Another size…", _OTHER)]
        if native:
            options[1:1] = [
                ("{} ({} × {})".format(name, *size_of_shape(native, *shape)), name)
                for name, shape in SHAPES.items()
            ]

        def settle() -> None:
            self.shape.options = options
            self.shape.value = chosen if chosen in dict(options).values() else _OWN
            self._to_shape()

        self._settle(settle)

    def read(self) -> dict[str, int | None]:
        """Return the settings `width` and `height` in pixels; None for the model's own."""
        return self._sides_of(self.shape.value)

    def show(self, config: PipelineConfig) -> None:
        """Set the inputs from a config."""
        wanted = {"width": config.width, "height": config.height}
        shapes = [shape for _, shape in self.shape.options if self._sides_of(shape) == wanted]

        def settle() -> None:
            usual = self._native or _USUAL
            # A size given in numbers stays in numbers, even if a shape has the same size now.
            self.shape.value = shapes[0] if shapes else _OTHER
            self.width.value, self.height.value = config.width or usual, config.height or usual
            self._to_shape()

        self._settle(settle)

    def swap_sides(self) -> None:
        """Swap width and height."""

        def settle() -> None:
            self.width.value, self.height.value = self.height.value, self.width.value
            self._to_sides()

        self._settle(settle)

    def _settle(self, change: Callable[[], object]) -> None:
        """Make a change in which inputs set each other, and update `value` once."""
        if self._settling:
            return
        self._settling = True
        try:
            change()
        finally:
            self._settling = False
        self._remember_ratio()
        self.value = self.read()

    def _side_changed(self, change: Mapping[str, Any]) -> None:
        def settle() -> None:
            if self.lock.value and change["owner"] is self.width:
                self.height.value = _in_blocks(self.width.value / self._ratio, self._block)
            elif self.lock.value:
                self.width.value = _in_blocks(self.height.value * self._ratio, self._block)
            self._to_sides()

        self._settle(settle)

    def _to_shape(self) -> None:
        """Set width and height from the menu."""
        found = self._sides_of(self.shape.value)
        if self.shape.value != _OTHER:
            usual = self._native or _USUAL
            self.width.value = found["width"] or usual
            self.height.value = found["height"] or usual

    def _to_sides(self) -> None:
        """Set the menu from width and height."""
        sides = (self.width.value, self.height.value)
        native = self._native or 0
        shapes = SHAPES if native else {}
        names = [name for name, shape in shapes.items() if size_of_shape(native, *shape) == sides]
        own = _OWN if sides == (native, native) else _OTHER
        self.shape.value = names[0] if names else own

    def _remember_ratio(self) -> None:
        if not self.lock.value and self.width.value > 0 and self.height.value > 0:
            self._ratio = self.width.value / self.height.value

    def _lock_or_not(self) -> None:
        self.lock.icon = "lock" if self.lock.value else "unlock"
        self._remember_ratio()

    def _sides_of(self, shape: str) -> dict[str, int | None]:
        if shape == _OWN:
            return {"width": None, "height": None}
        if self._native is None or shape == _OTHER:
            return {"width": self.width.value, "height": self.height.value}
        width, height = size_of_shape(self._native, *SHAPES[shape])
        return {"width": width, "height": height}
