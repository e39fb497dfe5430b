"""The sizes that a menu offers for a model: its own, and other shapes of that area."""

from collections.abc import Mapping
from typing import Any

from medialab.pixels.geometry import SIDE_STEP, fitted_size

# As ratios alone: with a word, too, the sizes do not fit in the settings' column.
SHAPES: Mapping[str, tuple[int, int]] = {
    "4:3": (4, 3),
    "3:4": (3, 4),
    "16:9": (16, 9),
    "9:16": (9, 16),
}


def size_of_shape(native: int, across: int, down: int) -> tuple[int, int]:
    """Return the width and height (pixels) of a shape with the model's area, in whole steps.

    Args:
        native: the side of the square the model was trained at, in pixels.
        across: the shape's width, as in 16:9.
        down: the shape's height.
    """
    stretch = (across / down) ** 0.5
    return _in_blocks(native * stretch), _in_blocks(native / stretch)


def sizes_offered(native: int | None) -> list[list[Any]]:
    """Return what the menu offers for a model, each a label and a value; None is its own size.

    Args:
        native: the side of the square the model was trained at, in pixels; None if unknown.
    """
    if native is None:
        return [["The model's own", None]]
    sizes = {name: size_of_shape(native, *shape) for name, shape in SHAPES.items()}
    return [
        [f"1:1 · {native} × {native}", None],
        *([f"{name} · {w} × {h}", {"width": w, "height": h}] for name, (w, h) in sizes.items()),
    ]


def size_value(width: Any, height: Any, native: int | None) -> dict[str, Any] | None:
    """Return a size as the menu takes it; None for the model's own.

    Args:
        width: in pixels; None for the model's.
        height: as `width`.
        native: the side of the square the model was trained at, in pixels; None if unknown.
    """
    if (width, height) in {(None, None), (native, native)}:
        return None
    return {"width": width or native, "height": height or native}


def better_size(width: Any, height: Any, native: int | None) -> tuple[int, int] | None:
    """Return a size that suits the model better; None if this one does.

    Args:
        width: in pixels; None for the model's own.
        height: as `width`.
        native: the side in pixels that the model was trained at, or None.
    """
    across, down = width or native, height or native
    if native is None or not (isinstance(across, int) and isinstance(down, int)):
        return None
    if across < 1 or down < 1:  # a fault, which is told as such
        return None
    better = fitted_size(across, down, native)
    return None if better == (across, down) else better


def _in_blocks(pixels: float) -> int:
    return max(round(pixels / SIDE_STEP), 1) * SIDE_STEP
