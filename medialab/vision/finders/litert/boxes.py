"""What MediaPipe's detectors give, read: boxes with key points, without doubles.

Source: mediapipe/calculators: tflite/ssd_anchors_calculator.cc,
tensor/tensors_to_detections_calculator.cc, util/non_max_suppression_calculator.cc.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from medialab.vision.finders.litert.views import View

_BOX = 4  # numbers of a box: middle and size
_HIGHEST = 100.0  # a raw score is cut to this, either side of 0 (score_clipping_thresh)
# Boxes that share more than this (IoU) are one (min_suppression_threshold).
_DOUBLES = 0.3


class Grid(NamedTuple):
    """Where a detector looks.

    Attributes:
        size: the sides of what it is given, in pixels.
        layers: for each of its layers, finest first: pixels between two places, and how many
            boxes it gives for each place.
    """

    size: int
    layers: tuple[tuple[int, int], ...]

    @property
    def places(self) -> "np.ndarray":
        """The middle of the place of each box, (n, 2) from 0 to 1, in the network's order."""
        import numpy as np

        every = []
        for stride, count in self.layers:
            cells = -(-self.size // stride)
            middles = (np.arange(cells) + 0.5) / cells
            down, across = np.meshgrid(middles, middles, indexing="ij")
            layer = np.stack([across.ravel(), down.ravel()], axis=1)
            every.append(np.repeat(layer, count, axis=0))
        return np.concatenate(every).astype(np.float32)


class Candidate(NamedTuple):
    """A box that a detector gives.

    Attributes:
        score: how sure it is, 0 to 1.
        edges: left, top, right, bottom.
        points: its key points, (k, 2).
    """

    score: float
    edges: "np.ndarray"
    points: "np.ndarray"

    def placed(self, view: "View") -> "Candidate":
        """Return the box of a view that is not turned in pixels of the picture."""
        corners = view.in_picture(self.edges.reshape(2, 2))
        return Candidate(self.score, corners.reshape(4), view.in_picture(self.points))


def candidates(
    numbers: "np.ndarray", scores: "np.ndarray", grid: Grid, least: float
) -> list[Candidate]:
    """Return the boxes that a detector is sure enough of, from 0 to 1, doubles and all.

    Args:
        numbers: (n, 4 + 2k): middle and size of each box and its key points, in the network's
            pixels, from the box's place.
        scores: (n,): how sure it is of each, before the sigmoid.
        grid: where it looks.
        least: the least score of a box, 0 to 1.
    """
    import numpy as np

    sure = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -_HIGHEST, _HIGHEST)))
    chosen = np.flatnonzero(sure >= least)
    places = grid.places[chosen]
    rows = numbers[chosen].astype(np.float64) / grid.size
    middle, half = rows[:, :2] + places, rows[:, 2:_BOX] / 2
    edges = np.concatenate([middle - half, middle + half], axis=1)
    count = (rows.shape[1] - _BOX) // 2
    points = rows[:, _BOX:].reshape(len(rows), count, 2) + places[:, None]
    return [
        Candidate(float(sure[at]), edges[row], points[row])
        for row, at in enumerate(chosen)
        if np.isfinite(rows[row]).all()
    ]


def without_doubles(every: Sequence[Candidate], most: float = _DOUBLES) -> list[Candidate]:
    """Return one box for all that share more than `most` (IoU), the surest first.

    Each has the mean of theirs, weighted by their scores, and the highest score.
    """
    import numpy as np

    left = sorted(every, key=lambda one: -one.score)
    kept = []
    while left:
        first = left[0]
        alike = [one for one in left if shared(first.edges, one.edges) > most]
        # A box without an area shares nothing, not even with itself.
        alike = alike or [first]
        weights = [one.score for one in alike]
        kept.append(
            Candidate(
                first.score,
                np.average([one.edges for one in alike], axis=0, weights=weights),
                np.average([one.points for one in alike], axis=0, weights=weights),
            )
        )
        gone = {id(one) for one in alike}
        left = [one for one in left if id(one) not in gone]
    return kept


def shared(one: "np.ndarray", other: "np.ndarray") -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, float(wide)) * max(0.0, float(high))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    joint = sum(areas) - both
    return both / joint if joint > 0 else 0.0
