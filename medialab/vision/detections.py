"""Detection: a part that was found in a picture, made from what models give, packed and unpacked.

Two forms leave this module: `packed`, exact, for the cache of stages, and `as_plain`, values of
JSON, for settings, records and the browser.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# What is less confident is no detection; whoever asks has a least confidence above it.
LEAST_CONFIDENCE = 0.05
# What covers less of the picture is a speck, not a part.
LEAST_SHARE = 0.0012


class _PartOfPicture:
    """A mask as an attribute: only what is not black is kept, since a photo may have many faces.

    Read, it is a whole mask again, made for this one use.
    """

    def __get__(self, detection: "Detection | None", _owner: type) -> "Image.Image":
        """Return the whole mask.

        Raises:
            AttributeError: on the class, so that the attribute has no default.
        """
        from PIL import Image

        if detection is None:
            raise AttributeError
        size, at, part = vars(detection)["mask"]
        mask = Image.new("L", size, 0)
        mask.paste(part, at)
        return mask

    def __set__(self, detection: "Detection", mask: "Image.Image") -> None:
        left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
        part = mask.crop((left, top, right, bottom))
        vars(detection)["mask"] = (mask.size, (left, top), part)


@dataclass(frozen=True)
class Detection:
    """A part of a picture: what it is, where, and how confident the detector was.

    It travels whole: filters and sorting move detections, never parts of them.

    Attributes:
        label: what was detected.
        confidence: 0 to 1; 0 of what no detector found.
        box: in pixels of the picture.
        mask: its shape, 8-bit grey of the picture's size, 255 inside.
        index: its number among those that are repainted, which decides its seed and its prompt,
            wherever it is moved.
    """

    label: str
    confidence: float
    box: Box
    mask: _PartOfPicture = _PartOfPicture()
    index: int = 0

    @property
    def part(self) -> "tuple[Box, Image.Image]":
        """The part of its mask that is not black: where it is, and its levels."""
        _, (left, top), part = vars(self)["mask"]
        return Box(left, top, left + part.width, top + part.height), part


def as_plain(detection: Detection, mask: str | None) -> dict[str, Any]:
    """Return a detection as values of JSON, as `DetectionEdit` reads them.

    Args:
        detection: the detection.
        mask: the name under which its mask is kept as a picture; None for the whole box.
    """
    return {
        "label": detection.label,
        "box": list(detection.box.edges),
        "mask": mask,
        "confidence": detection.confidence,
        "index": detection.index,
    }


def as_record(detection: Detection, **applied: Any) -> dict[str, Any]:
    """Return a detection as the record tells of it, with what was applied to it."""
    return {
        "label": detection.label,
        "box": list(detection.box.edges),
        "confidence": round(detection.confidence, 3),
        **applied,
    }


def packed(detections: Iterable[Detection]) -> "list[tuple[dict[str, Any], np.ndarray]]":
    """Return each detection as values of JSON and the part of its mask that is not black.

    Nothing is lost: `unpacked` gives the same detections back.
    """
    import numpy as np

    rows = []
    for detection in detections:
        place, part = detection.part
        row = {
            "label": detection.label,
            "confidence": detection.confidence,
            "box": list(detection.box.edges),
            "index": detection.index,
            "at": place.edges[:2],
            "size": detection.mask.size,
        }
        rows.append((row, np.array(part)))
    return rows


def unpacked(row: Mapping[str, Any], white: "Image.Image") -> Detection:
    """Return the detection that was packed.

    Args:
        row: its values of JSON.
        white: the part of its mask, 8-bit grey.
    """
    from PIL import Image

    width, height = row["size"]
    left, top = row["at"]
    mask = Image.new("L", (width, height), 0)
    mask.paste(white, (left, top))
    return Detection(row["label"], row["confidence"], Box(*row["box"]), mask, row["index"])


def most_confident_first(detections: Iterable[Detection | None]) -> list[Detection]:
    """Return those that are any in one order, whatever order a model gave them in."""
    return sorted(
        (one for one in detections if one is not None),
        key=lambda one: (-one.confidence, one.box, one.label),
    )


def boxed(
    image: "Image.Image", label: str, confidence: float, edges: Iterable[float]
) -> Detection | None:
    """Return a detection by its box alone, cut to the picture; None if nothing is left of it.

    One with NaN or infinite values has an empty box: who repaints drops it, and says so.
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
    """Return a detection by its shape, (h, w) booleans; None of an empty one."""
    import numpy as np
    from PIL import Image

    mask = Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    edges = mask.getbbox()
    return Detection(label, _unit(confidence), Box(*edges), mask) if edges else None


def connected(label: str, inside: "np.ndarray", chances: "np.ndarray") -> list[Detection]:
    """Return a detection for each connected place of a mask that is no speck.

    Args:
        label: what they are.
        inside: the mask, (h, w) booleans.
        chances: (h, w) in [0, 1], whose mean over a place is its confidence.
    """
    import numpy as np
    from scipy import ndimage

    numbered, count = ndimage.label(inside, structure=np.ones((3, 3)))
    detections = []
    for number in range(1, count + 1):
        own = numbered == number
        if own.sum() >= LEAST_SHARE * own.size:
            detections.append(shaped(label, float(chances[own].mean()), own))
    return [one for one in detections if one is not None]


def called(words: Collection[str], labels: "dict[int, str]") -> "dict[int, str]":
    """Return those of a model's numbered labels that are among the words, in any capitals."""
    wanted = {word.casefold() for word in words}
    named = {number: str(label) for number, label in labels.items()}
    return {number: label for number, label in named.items() if label.casefold() in wanted}


def without_doubles(detections: Sequence[Detection], most: float) -> list[Detection]:
    """Return those whose shape no more confident one shares by more than `most` (IoU, 0 to 1).

    Shapes, not boxes: two people who embrace have one box and two shapes.
    """
    kept: list[Detection] = []
    for detection in most_confident_first(detections):
        if all(_iou(detection, other) <= most for other in kept):
            kept.append(detection)
    chosen = {id(detection) for detection in kept}
    return [detection for detection in detections if id(detection) in chosen]


def _iou(one: Detection, other: Detection) -> float:
    import numpy as np

    if not one.box.iou(other.box):
        return 0.0
    places = [detection.part[0] for detection in (one, other)]
    around = Box(
        min(place.left for place in places),
        min(place.top for place in places),
        max(place.right for place in places),
        max(place.bottom for place in places),
    )
    first, second = (np.asarray(each.mask.crop(around.edges)) > 127 for each in (one, other))
    joint = int((first | second).sum())
    return int((first & second).sum()) / joint if joint else 0.0


def _unit(confidence: float) -> float:
    """Return a confidence in [0, 1]: rounding may carry a model's a little beyond."""
    return min(1.0, max(0.0, float(confidence)))
