"""People who touch: what several shapes claim goes to the nearest body."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def parted(shapes: "Sequence[np.ndarray]", spines: "Sequence[np.ndarray]") -> "list[np.ndarray]":
    """Return shapes without what is nearer to another body that claims it too.

    A network for shapes knows people, not which of them is meant: of two who stand together each
    one's shape has parts of both.

    Args:
        shapes: (h, w) booleans each.
        spines: the line through each body, from its hips to its face, (2, 2) in pixels. Distances
            are measured in lengths of the spine, since a nearer person is wider.
    """
    import numpy as np

    if len(shapes) < 2:
        return list(shapes)
    claims = np.zeros(shapes[0].shape, np.uint8)
    for shape in shapes:
        claims += shape
    rows, columns = np.nonzero(claims > 1)
    places = np.stack([columns, rows], axis=1).astype(np.float32)
    distances = [
        np.where(shape[rows, columns], _distances(places, spine), np.inf)
        for shape, spine in zip(shapes, spines, strict=True)
    ]
    nearest = np.argmin(distances, axis=0) if len(places) else np.zeros(0, int)
    own = []
    for number, shape in enumerate(shapes):
        left = shape.copy()
        left[rows, columns] &= nearest == number
        own.append(left)
    return own


def _distances(places: "np.ndarray", spine: "np.ndarray") -> "np.ndarray":
    """Return how far points are from a line that ends at two points, in its length: (n,)."""
    import numpy as np

    start, along = spine[0].astype(np.float32), (spine[1] - spine[0]).astype(np.float32)
    length = max(float(np.hypot(*along)), 1e-6)
    at = np.clip((places - start) @ along / length**2, 0, 1)
    away: np.ndarray = np.hypot(*(places - start - at[:, None] * along).T) / length
    return away
