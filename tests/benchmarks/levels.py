"""How far apart two pictures are, in levels of grey."""

from typing import NamedTuple

import numpy as np


class Levels(NamedTuple):
    """Differences of all channels of all pixels, 0 to 255."""

    mean: float
    most: float  # of 99.9 % of them
    worst: int

    def __str__(self):
        return f"mean {self.mean:.2f}, 99.9 % {self.most:.0f}, worst {self.worst}"


def grey_levels(first, second):
    """Compare two pictures of one size."""
    one, two = (np.asarray(picture.convert("RGB"), np.int16) for picture in (first, second))
    apart = np.abs(one - two)
    return Levels(float(apart.mean()), float(np.quantile(apart, 0.999)), int(apart.max()))
