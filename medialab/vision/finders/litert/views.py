"""A square part of a picture as a network sees it, turned upright and scaled, and the way back.

Source: mediapipe/calculators/tensor/image_to_tensor_utils.cc (GetRoi, PadRoi) and its converter
by OpenCV, which samples from corner to corner without smoothing.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class View(NamedTuple):
    """A square of the picture; it may reach beyond the picture.

    Attributes:
        x: its middle, in pixels from the left.
        y: its middle, in pixels from the top.
        side: its sides, in pixels of the picture.
        turn: how far it is turned, in radians, clockwise.
    """

    x: float
    y: float
    side: float
    turn: float = 0.0

    def sampled(self, pixels: "np.ndarray", size: int, *, repeats: bool = False) -> "np.ndarray":
        """Return what is in the view.

        Args:
            pixels: the picture, (h, w, 3), 8-bit.
            size: the sides of what is returned, in pixels.
            repeats: whether the picture's edge is repeated beyond it; otherwise all is black there.

        Returns:
            (size, size, 3), 32-bit floats from 0 to 255.
        """
        import numpy as np

        across, down = self._places(size)
        height, width = pixels.shape[:2]
        columns = _neighbours(across, width, repeats=repeats)
        rows = _neighbours(down, height, repeats=repeats)
        flat = pixels.reshape(-1, pixels.shape[2])
        result = np.zeros((size * size, pixels.shape[2]), np.float32)
        for row, tall in rows:
            for column, wide in columns:
                part = np.take(flat, row * width + column, axis=0).astype(np.float32)
                part *= (tall * wide)[:, None]
                result += part
        return result.reshape(size, size, -1)

    def _places(self, size: int) -> "tuple[np.ndarray, np.ndarray]":
        """Return where the pixels of a sample lie in the picture: across and down, flat."""
        import numpy as np

        steps = (np.arange(size, dtype=np.float32) / size - 0.5) * self.side
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        across = self.x + cos * steps[None, :] - sin * steps[:, None]
        down = self.y + sin * steps[None, :] + cos * steps[:, None]
        return across.ravel(), down.ravel()

    def in_picture(self, points: "np.ndarray") -> "np.ndarray":
        """Return points of the view, (…, 2) from 0 to 1, in pixels of the picture."""
        import numpy as np

        cos, sin = math.cos(self.turn), math.sin(self.turn)
        turned = (np.asarray(points, np.float64) - 0.5) @ np.array([[cos, sin], [-sin, cos]])
        placed: np.ndarray = turned * self.side + (self.x, self.y)
        return placed

    def laid(self, chances: "np.ndarray", size: tuple[int, int]) -> "np.ndarray":
        """Return where in the picture what a network says of the view is likely.

        Args:
            chances: (n, n), from 0 to 1.
            size: the picture's, width and height.

        Returns:
            (h, w) booleans; none outside the view.
        """
        import numpy as np
        from PIL import Image

        step = len(chances) / self.side
        cos, sin = step * math.cos(self.turn), step * math.sin(self.turn)
        # Pillow counts from the corner of a pixel, `sampled` from its middle.
        across = len(chances) / 2 + 0.5 - cos * (self.x + 0.5) - sin * (self.y + 0.5)
        down = len(chances) / 2 + 0.5 + sin * (self.x + 0.5) - cos * (self.y + 0.5)
        back = (cos, sin, across, -sin, cos, down)
        grey = Image.fromarray(np.rint(chances * 255).astype(np.uint8))
        # What Pillow writes outside is 0.
        laid = grey.transform(size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
        return np.asarray(laid) > 127


def _neighbours(
    places: "np.ndarray", length: int, *, repeats: bool
) -> "list[tuple[np.ndarray, np.ndarray]]":
    """Return the two pixels around each place on an axis, with the share of each.

    Args:
        places: (n,), in pixels.
        length: of the axis.
        repeats: whether the pixels at the ends are repeated beyond; otherwise they have no share.
    """
    import numpy as np

    first = np.floor(places)
    second_share = (places - first).astype(np.float32)
    numbers = first.astype(np.int64)
    both = []
    for number, share in ((numbers, 1 - second_share), (numbers + 1, second_share)):
        inside = share if repeats else share * ((number >= 0) & (number < length))
        both.append((np.clip(number, 0, length - 1), inside))
    return both


def whole(width: int, height: int) -> View:
    """Return the smallest square around a picture; the picture is in its middle."""
    return View(width / 2, height / 2, float(max(width, height)))


def upright(start: "np.ndarray", end: "np.ndarray") -> float:
    """Return how far a view is turned in which the line between two points leads straight up.

    Returns:
        The angle in radians, from -π to π.
    """
    across, down = (float(there - here) for here, there in zip(start, end, strict=True))
    angle = math.pi / 2 - math.atan2(-down, across)
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))
