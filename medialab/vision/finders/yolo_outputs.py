"""What a YOLO network gives, read: its boxes without doubles, with the numbers of their shapes.

Source: Ultralytics' ultralytics/utils/ops.py, non_max_suppression, and its exporter's outputs.
"""

from typing import TYPE_CHECKING, NamedTuple

from medialab.errors import ModelRefusedError
from medialab.vision.detections import LEAST_CONFIDENCE

if TYPE_CHECKING:
    import numpy as np

# Boxes of one class that share more than this are one (IoU); Ultralytics' own.
_DOUBLES = 0.7
# The most boxes that are looked at, as in Ultralytics' export.
_MOST_BOXES = 300
_BOX, _PROTOTYPES = 4, 32  # numbers of a box, and of a shape


class Row(NamedTuple):
    """One box: its class, confidence, edges in the network's pixels, and its shape's numbers."""

    number: int
    confidence: float
    edges: tuple[float, float, float, float]
    shape: "np.ndarray"


def read_rows(output: "np.ndarray", classes: int) -> list[Row]:
    """Return the network's boxes without doubles, the most confident first.

    Args:
        output: in one of two layouts. (4 + classes [+ 32], n): middle and size in pixels, a chance
            for each class, a shape's numbers. Or, of exports that leave out doubles by themselves,
            (n, 6 [+ 32]): edges in pixels, chance, class, a shape's numbers.
        classes: how many the network knows.

    Raises:
        ModelRefusedError: it has neither layout.
    """
    import numpy as np

    if output.ndim != 2:
        raise refused_outputs(output.shape)
    exact = output.shape[0] in (_BOX + classes, _BOX + classes + _PROTOTYPES)
    if not exact and output.shape[1] in (_BOX + 2, _BOX + 2 + _PROTOTYPES):
        sure = output[output[:, 4] >= LEAST_CONFIDENCE]
        sure = sure[np.isfinite(sure[:, 5])]
        return [Row(int(row[5]), float(row[4]), tuple(row[:4]), row[6:]) for row in sure]
    # What follows the classes may also be key points; older families have many more rows.
    if not exact and not _BOX + classes <= output.shape[0] < output.shape[1]:
        raise refused_outputs(output.shape)
    boxes = output.T
    chances = boxes[:, _BOX : _BOX + classes]
    numbers, sure = chances.argmax(1), chances.max(1)
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] >= LEAST_CONFIDENCE]
    middle, half = boxes[:, :2], boxes[:, 2:4] / 2
    edges = np.concatenate([middle - half, middle + half], axis=1)
    kept: list[int] = []
    for at in order:
        if len(kept) == _MOST_BOXES:
            break
        same = [other for other in kept if numbers[other] == numbers[at]]
        if not same or _most_shared(edges[at], edges[same]) <= _DOUBLES:
            kept.append(int(at))
    return [
        Row(int(numbers[at]), float(sure[at]), tuple(edges[at]), boxes[at, _BOX + classes :])
        for at in kept
    ]


def _most_shared(edges: "np.ndarray", others: "np.ndarray") -> float:
    """Return the largest IoU of a box with several."""
    import numpy as np

    low, high = np.maximum(edges[:2], others[:, :2]), np.minimum(edges[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    joint = np.prod(edges[2:] - edges[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared
    return float(np.max(np.where(joint > 0, shared / np.maximum(joint, 1e-9), 0)))


def refused_outputs(shape: tuple[int, ...]) -> ModelRefusedError:
    """Return the error for a file whose outputs, of that shape, are no boxes."""
    message = (
        f"this .onnx file gives {' × '.join(map(str, shape))} numbers, not boxes as YOLO does; "
        "export a detector: yolo export model=… format=onnx"
    )
    return ModelRefusedError(message)
