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

        steps = (np.arange(size, dtype=np.float32) / size - 0.5) * self.side
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        across = self.x + cos * steps[None, :] - sin * steps[:, None]
        down = self.y + sin * steps[None, :] + cos * steps[:, None]
        left, top = np.floor(across).astype(np.int64), np.floor(down).astype(np.int64)
        height, width = pixels.shape[:2]
        flat = pixels.reshape(-1, pixels.shape[2])
        result = np.zeros((size, size, pixels.shape[2]), np.float32)
        for row, tall in ((top, 1 - (down - top)), (top + 1, down - top)):
            for column, wide in ((left, 1 - (across - left)), (left + 1, across - left)):
                share = (tall * wide).astype(np.float32)
                if not repeats:
                    share *= (row >= 0) & (row < height) & (column >= 0) & (column < width)
                at = np.clip(row, 0, height - 1) * width + np.clip(column, 0, width - 1)
                result += share[..., None] * flat[at]
        return result

    def in_picture(self, points: "np.ndarray") -> "np.ndarray":
        """Return points of the view, (…, 2) from 0 to 1, in pixels of the picture."""
        import numpy as np

        cos, sin = math.cos(self.turn), math.sin(self.turn)
        turned = (np.asarray(points, np.float64) - 0.5) @ np.array([[cos, sin], [-sin, cos]])
        placed: np.ndarray = turned * self.side + (self.x, self.y)
        return placed

    def laid(self, numbers: "np.ndarray", size: tuple[int, int]) -> "np.ndarray":
        """Return what a network says of each place of the view for each pixel of the picture.

        Args:
            numbers: (n, n).
            size: the picture's, width and height.

        Returns:
            (h, w), 32-bit floats; -1 outside the view.
        """
        import numpy as np
        from PIL import Image

        step = len(numbers) / self.side
        cos, sin = step * math.cos(self.turn), step * math.sin(self.turn)
        # Pillow counts from the corner of a pixel, `sampled` from its middle.
        across = len(numbers) / 2 + 0.5 - cos * (self.x + 0.5) - sin * (self.y + 0.5)
        down = len(numbers) / 2 + 0.5 + sin * (self.x + 0.5) - cos * (self.y + 0.5)
        back = (cos, sin, across, -sin, cos, down)
        # What Pillow writes outside is 0.
        shifted = Image.fromarray((numbers - numbers.min() + 1).astype(np.float32))
        laid = shifted.transform(size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
        levels = np.asarray(laid)
        return np.where(levels > 0, levels + (numbers.min() - 1), -1).astype(np.float32)


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
