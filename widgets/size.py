"""The picture's size: the model's own, another shape of the same area, or any width and height."""

import ipywidgets as ipw

from medialab import PipelineConfig
from widgets.inputs import dressed

BLOCK = 8  # pixels; a VAE works in blocks of this size
SHAPES = {
    "Landscape 4:3": (4, 3),
    "Portrait 3:4": (3, 4),
    "Wide 16:9": (16, 9),
    "Tall 9:16": (9, 16),
}
_OWN, _OTHER = "own", "other"
_USUAL = 512  # pixels; what the two boxes start with where a model does not tell its size


def shaped(native: int, across: int, down: int) -> tuple[int, int]:
    """Width and height of that shape with the area the model was trained at, in whole blocks."""
    stretch = (across / down) ** 0.5
    return _in_blocks(native * stretch), _in_blocks(native / stretch)


def _in_blocks(pixels: float) -> int:
    return max(round(pixels / BLOCK), 1) * BLOCK


class SizeInput(ipw.VBox):
    """A menu of shapes; its last line opens two boxes for width and height."""

    def __init__(self) -> None:
        self._native: int | None = None
        self.shape = ipw.Dropdown(
            description="Size",
            tooltip="A model draws best at about as many pixels as it was trained at.",
        )
        # No limits here: a wrong number is told of, not quietly changed.
        self.width = dressed(ipw.IntText(_USUAL, step=BLOCK), "width")
        self.height = dressed(ipw.IntText(_USUAL, step=BLOCK), "height")
        self._sides = ipw.HBox([self.width, self.height])
        super().__init__([self.shape, self._sides])
        self.add_class("mls-size")
        self.shape.add_class("mls-field")
        self.shape.add_class("mls-shape")
        self._sides.add_class("mls-pair")
        self.shape.observe(lambda _: self._open_or_close_sides(), "value")
        self.offer(None)

    def offer(self, native: int | None) -> None:
        """Offer what suits a model trained at `native` pixels a side; None when it is not known.

        The chosen shape stays chosen where it is still offered.
        """
        self._native = native
        chosen = self.shape.value
        own = f"Square 1:1, the model's own ({native} × {native})" if native else "The model's own"
        options = [(own, _OWN), ("Another size…", _OTHER)]
        if native:
            options[1:1] = [
                ("{} ({} × {})".format(name, *shaped(native, *shape)), name)
                for name, shape in SHAPES.items()
            ]
        self.shape.options = options
        self.shape.value = chosen if chosen in dict(options).values() else _OWN
        if self.shape.value != _OTHER:  # what the boxes will start with
            self.width.value = self.height.value = native or _USUAL
        self._open_or_close_sides()

    def read(self) -> dict[str, int | None]:
        """The settings `width` and `height`; None for the model's own."""
        return self._sides_of(self.shape.value)

    def show(self, config: PipelineConfig) -> None:
        """Set the inputs to what a config says."""
        wanted = {"width": config.width, "height": config.height}
        shapes = [shape for _, shape in self.shape.options if self._sides_of(shape) == wanted]
        self.shape.value = shapes[0] if shapes else _OTHER
        if not shapes:
            usual = self._native or _USUAL
            self.width.value, self.height.value = config.width or usual, config.height or usual

    def _sides_of(self, shape: str) -> dict[str, int | None]:
        if shape == _OWN:
            return {"width": None, "height": None}
        if self._native is None or shape == _OTHER:
            return {"width": self.width.value, "height": self.height.value}
        width, height = shaped(self._native, *SHAPES[shape])
        return {"width": width, "height": height}

    def _open_or_close_sides(self) -> None:
        self._sides.layout.display = None if self.shape.value == _OTHER else "none"
