"""What a detector is, what it finds, and what all backends share."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from medialab.errors import MediaLabError, ModelRefusedError
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.process.memory import is_out_of_memory

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Surer than this is told; whoever asks has a least confidence of their own above it.
LEAST_CONFIDENCE = 0.05
# What covers less of the picture is a speck, not a part.
LEAST_SHARE = 0.0012
# What a network that is not as it should be fails with.
_ITS_OWN = (
    *(RuntimeError, ValueError, TypeError, LookupError),
    *(ArithmeticError, AttributeError, OSError),
)


@dataclass(frozen=True)
class Detection:
    """One find: what, how sure (0 to 1), where, and its shape (255 inside, the picture's size).

    It travels whole: filters and sorting move records, never parts of them. `index` is its number
    among the finds that are drawn, which decides its seed and its prompt, wherever it is moved.
    """

    label: str
    confidence: float
    box: Box
    mask: "Image.Image"
    index: int = 0


class Detector(Protocol):
    """Finds parts in pictures. The same picture and words give the same finds."""

    nbytes: int

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """The parts that are called so in an RGB picture, surest first; each once for each word."""

    def release(self) -> None:
        """Let go of the weights."""


class NetworkDetector:
    """What detectors over a transformers model share: where it is, what it weighs, its end."""

    def __init__(self, network: Any, processor: Any, device: str) -> None:
        self._network = network
        self._processor = processor
        self._device = device
        self.nbytes = sum(weight.nbytes for weight in network.parameters())

    def release(self) -> None:
        """Let go of the weights."""
        self._network = self._processor = None


def find_by(detector: Detector, name: str, image: "Image.Image", *words: str) -> list[Detection]:
    """Return what a detector finds; what it fails with is told with its name.

    Raises:
        ModelRefusedError: it cannot look at this picture, or gives what is no find.
    """
    try:
        return detector.find(image, *words)
    except MediaLabError:
        raise
    except _ITS_OWN as error:
        if is_out_of_memory(error):
            raise
        first = next(iter(str(error).splitlines()), "") or type(error).__name__
        message = f"detector {name!r} failed on this picture: {first}"
        raise ModelRefusedError(message) from error


def surest_first(finds: Iterable[Detection]) -> list[Detection]:
    """In one order, whatever order a model gave them in."""
    return sorted(finds, key=lambda found: (-found.confidence, found.box, found.label))


def boxed(
    image: "Image.Image", label: str, confidence: float, edges: Iterable[float]
) -> Detection | None:
    """A find by its box alone, cut to the picture; None where nothing is left of it.

    One whose numbers are none (NaN, infinite) has an empty box: who draws drops it, and says so.
    """
    edges = [float(edge) for edge in edges]
    if not all(map(math.isfinite, (*edges, confidence))):
        return Detection(label, 0.0, Box(0, 0, 0, 0), box_mask(Box(0, 0, 0, 0), *image.size))
    # Far beyond the picture is as far as anything: no number is too large to be a pixel.
    far = 10 * max(image.size)
    edges = [min(far, max(-far, edge)) for edge in edges]
    box = Box(*(round(edge) for edge in edges)).within(*image.size)
    if not box.area:
        return None
    return Detection(label, _unit(confidence), box, box_mask(box, *image.size))


def shaped(label: str, confidence: float, inside: "np.ndarray") -> Detection | None:
    """A find by its shape, (h, w) booleans; None of an empty one."""
    import numpy as np
    from PIL import Image

    mask = Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    edges = mask.getbbox()
    return Detection(label, _unit(confidence), Box(*edges), mask) if edges else None


def connected(label: str, inside: "np.ndarray", chances: "np.ndarray") -> list[Detection]:
    """The connected places of a mask; specks are left out.

    `inside` (h, w) booleans, `chances` (h, w) in [0, 1], whose mean is a place's confidence.
    """
    import numpy as np
    from scipy import ndimage

    numbered, count = ndimage.label(inside, structure=np.ones((3, 3)))
    finds = []
    for number in range(1, count + 1):
        own = numbered == number
        if own.sum() >= LEAST_SHARE * own.size:
            finds.append(shaped(label, float(chances[own].mean()), own))
    return [found for found in finds if found is not None]


def called(words: Collection[str], labels: "dict[int, str]") -> "dict[int, str]":
    """Those of a model's numbered labels that are among the words, whatever their capitals."""
    wanted = {word.casefold() for word in words}
    named = {number: str(label) for number, label in labels.items()}
    return {number: label for number, label in named.items() if label.casefold() in wanted}


def without_doubles(finds: Sequence[Detection], most: float) -> list[Detection]:
    """The finds without those whose shape a surer one shares by more than `most` (IoU, 0 to 1).

    Shapes, not boxes: two people who embrace have one box and two shapes.
    """
    import numpy as np

    kept: list[tuple[Detection, np.ndarray]] = []
    for found in surest_first(finds):
        shape = np.asarray(found.mask) > 127
        if all(_iou(found, shape, *other) <= most for other in kept):
            kept.append((found, shape))
    chosen = {id(found) for found, _ in kept}
    return [found for found in finds if id(found) in chosen]


def _iou(
    found: Detection, shape: "np.ndarray", other: Detection, other_shape: "np.ndarray"
) -> float:
    if not found.box.iou(other.box):
        return 0.0
    joint = int((shape | other_shape).sum())
    return int((shape & other_shape).sum()) / joint if joint else 0.0


def _unit(confidence: float) -> float:
    """Rounding may carry a model's certainty a little beyond 0 or 1."""
    return min(1.0, max(0.0, float(confidence)))
