"""Which detections are repainted, in which order, and with which shape; each is moved whole.

Source: the order of ADetailer's steps: confidence, ratio, the k best, sort, offset, growth, merge.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.pixels import masks
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import Detection, without_doubles

if TYPE_CHECKING:
    from PIL import Image


_COVERS_ALL = "merged, the masks cover the picture; inverted, they leave nothing"


class Dropped(NamedTuple):
    """A detection that is not repainted, and why not."""

    detection: Detection
    reason: str


class Sifted(NamedTuple):
    """The detections that are repainted, and those that are not."""

    kept: list[Detection]
    dropped: list[Dropped]


def selected(
    detections: Sequence[Detection],
    image: "Image.Image",
    settings: DetailerConfig,
    *,
    is_given: bool = False,
) -> Sifted:
    """Return the detections to repaint, in order and numbered, with the masks to paint.

    Of a given mask (`is_given`) no part is left out, however small it is.
    """
    kept, dropped = Sifted([*detections], []) if is_given else sifted(detections, image, settings)
    shapes, lost = shaped(in_order(kept, image, settings), settings, is_given=is_given)
    numbered = [replace(one, index=number) for number, one in enumerate(shapes)]
    return Sifted(numbered, [*dropped, *lost])


def sifted(
    detections: Sequence[Detection], image: "Image.Image", settings: DetailerConfig
) -> Sifted:
    """Return the k best of those that are confident enough, of a fitting size, and no doubles."""
    reasons = {id(one): _unfit(one, image, settings) for one in detections}
    fitting = [one for one in detections if not reasons[id(one)]]
    single = without_doubles(fitting, settings.iou) if settings.iou < 1 else fitting
    best = _best(single, settings)
    for rest, others, reason in (
        (
            fitting,
            single,
            f"shares more than {settings.iou:g} of its shape with a more confident one",
        ),
        (single, best, f"is not among the {settings.top_k} with the most {settings.top_k_by}"),
    ):
        chosen = {id(one) for one in others}
        reasons |= {id(one): reason for one in rest if id(one) not in chosen}
    dropped = [Dropped(one, why) for one in detections if (why := reasons[id(one)])]
    return Sifted(best, dropped)


def _unfit(one: Detection, image: "Image.Image", settings: DetailerConfig) -> str:
    """Return why a detection is not repainted, whatever the others are; "" if it may be."""
    share = one.box.area / (image.width * image.height)
    if not one.box.area:
        return "its box holds NaN or infinite values"
    short = min(one.box.width, one.box.height)
    # A box that no detector made (the centre, a person's own) has no confidence.
    if one.confidence and one.confidence < settings.confidence:
        return f"confidence {one.confidence:.3f} is below {settings.confidence:g}"
    if short < settings.min_size:
        return f"its short side of {short} px is below min_size {settings.min_size}"
    if share < settings.min_ratio:
        return f"its share of the picture, {share:.4f}, is below min_ratio {settings.min_ratio:g}"
    if share > settings.max_ratio:
        return f"its share of the picture, {share:.4f}, is above max_ratio {settings.max_ratio:g}"
    return ""


def _best(detections: list[Detection], settings: DetailerConfig) -> list[Detection]:
    """Return the k best, in their order; all if no number is set."""
    if not settings.top_k:
        return detections
    by_area = settings.top_k_by == "area"
    ranked = sorted(
        detections, key=lambda one: one.box.area if by_area else one.confidence, reverse=True
    )
    chosen = {id(one) for one in ranked[: settings.top_k]}
    return [one for one in detections if id(one) in chosen]


def in_order(
    detections: Sequence[Detection], image: "Image.Image", settings: DetailerConfig
) -> list[Detection]:
    """Return them sorted by the settings' order; equal ones keep theirs."""

    def from_centre(one: Detection) -> float:
        x, y = one.box.centre
        return (x - image.width / 2) ** 2 + (y - image.height / 2) ** 2

    keys: dict[str, Any] = {
        "left to right": lambda one: one.box.left,
        "center to edge": from_centre,
        "large to small": lambda one: -one.box.area,
    }
    return (
        sorted(detections, key=keys[settings.order]) if settings.order in keys else list(detections)
    )


def shaped(
    detections: Sequence[Detection], settings: DetailerConfig, *, is_given: bool = False
) -> Sifted:
    """Return them with masks moved, grown or shrunk, and merged if the settings say so.

    A given mask that would shrink to nothing is not shrunk.
    """
    kept, dropped = [], []
    for one in detections:
        moved = masks.moved(one.mask, settings.x_offset, settings.y_offset)
        mask = masks.grown(moved, settings.grow)
        if is_given and masks.bounding_box(mask) is None:
            mask = moved
        if (box := masks.bounding_box(mask)) is not None:
            kept.append(replace(one, mask=mask, box=box))
        else:
            dropped.append(Dropped(one, "nothing of its mask is left after moving and shrinking"))
    if settings.merge == "none" or not kept:
        return Sifted(kept, dropped)
    mask = masks.merged(one.mask for one in kept)
    if settings.merge == "merge and invert":
        mask = masks.inverted(mask)
    if (box := masks.bounding_box(mask)) is None:
        return Sifted([], [*dropped, *(Dropped(one, _COVERS_ALL) for one in kept)])
    confidence = max(one.confidence for one in kept)
    return Sifted([Detection(kept[0].label, confidence, box, mask)], dropped)
