"""Which finds are drawn, in which order, and with which shape. Whole records are moved, no parts.

Source: the order of ADetailer's steps: confidence, ratio, the k best, sort, offset, growth, merge.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.pixels import masks
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision import Detection, without_doubles

if TYPE_CHECKING:
    from PIL import Image


_COVERS_ALL = "merged, the masks cover the picture; inverted, they leave nothing"


class Dropped(NamedTuple):
    """A find that is not drawn, and why not."""

    found: Detection
    reason: str


class Sifted(NamedTuple):
    """The finds that are drawn, and those that are not."""

    kept: list[Detection]
    dropped: list[Dropped]


def selected(
    finds: Sequence[Detection],
    image: "Image.Image",
    settings: DetailerConfig,
    *,
    is_given: bool = False,
) -> Sifted:
    """Return the finds that are drawn, in their order, numbered, with the shape that is painted.

    Of a mask that a person has given (`is_given`) nothing is left out, however small it is.
    """
    kept, dropped = Sifted([*finds], []) if is_given else sifted(finds, image, settings)
    shapes, lost = shaped(in_order(kept, image, settings), settings, is_given=is_given)
    numbered = [replace(found, index=number) for number, found in enumerate(shapes)]
    return Sifted(numbered, [*dropped, *lost])


def sifted(finds: Sequence[Detection], image: "Image.Image", settings: DetailerConfig) -> Sifted:
    """Return those that are sure enough, of a fitting size, no doubles, and the k best."""
    reasons = {id(found): _unfit(found, image, settings) for found in finds}
    fitting = [found for found in finds if not reasons[id(found)]]
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
        chosen = {id(found) for found in others}
        reasons |= {id(found): reason for found in rest if id(found) not in chosen}
    dropped = [Dropped(found, why) for found in finds if (why := reasons[id(found)])]
    return Sifted(best, dropped)


def _unfit(found: Detection, image: "Image.Image", settings: DetailerConfig) -> str:
    """Return why a find is not drawn whatever the others are; empty where it may be."""
    share = found.box.area / (image.width * image.height)
    if not found.box.area:
        return "its box holds NaN or infinite values"
    short = min(found.box.width, found.box.height)
    # What no detector found, but was asked for, has no confidence.
    if found.confidence and found.confidence < settings.confidence:
        return f"confidence {found.confidence:.3f} is below {settings.confidence:g}"
    if short < settings.min_size:
        return f"its short side of {short} px is below min_size {settings.min_size}"
    if share < settings.min_ratio:
        return f"its share of the picture, {share:.4f}, is below min_ratio {settings.min_ratio:g}"
    if share > settings.max_ratio:
        return f"its share of the picture, {share:.4f}, is above max_ratio {settings.max_ratio:g}"
    return ""


def _best(finds: list[Detection], settings: DetailerConfig) -> list[Detection]:
    """Return the k best, as they came; all where no number is set."""
    if not settings.top_k:
        return finds
    by_area = settings.top_k_by == "area"
    ranked = sorted(
        finds, key=lambda one: one.box.area if by_area else one.confidence, reverse=True
    )
    chosen = {id(found) for found in ranked[: settings.top_k]}
    return [found for found in finds if id(found) in chosen]


def in_order(
    finds: Sequence[Detection], image: "Image.Image", settings: DetailerConfig
) -> list[Detection]:
    """As the settings' order says; ties stay as they came."""

    def from_centre(found: Detection) -> float:
        x, y = found.box.centre
        return (x - image.width / 2) ** 2 + (y - image.height / 2) ** 2

    keys: dict[str, Any] = {
        "left to right": lambda found: found.box.left,
        "center to edge": from_centre,
        "large to small": lambda found: -found.box.area,
    }
    return sorted(finds, key=keys[settings.order]) if settings.order in keys else list(finds)


def shaped(
    finds: Sequence[Detection], settings: DetailerConfig, *, is_given: bool = False
) -> Sifted:
    """Return them with masks moved, grown or shrunk, and made one where that is asked.

    A given one that would shrink to nothing stays as it is.
    """
    kept, dropped = [], []
    for found in finds:
        moved = masks.moved(found.mask, settings.x_offset, settings.y_offset)
        mask = masks.grown(moved, settings.grow)
        if is_given and masks.bounding_box(mask) is None:
            mask = moved
        if (box := masks.bounding_box(mask)) is not None:
            kept.append(replace(found, mask=mask, box=box))
        else:
            dropped.append(Dropped(found, "nothing of its mask is left after moving and shrinking"))
    if settings.merge == "none" or not kept:
        return Sifted(kept, dropped)
    one = masks.merged([found.mask for found in kept])
    if settings.merge == "merge and invert":
        one = masks.inverted(one)
    if (box := masks.bounding_box(one)) is None:
        return Sifted([], [*dropped, *(Dropped(found, _COVERS_ALL) for found in kept)])
    sure = max(found.confidence for found in kept)
    return Sifted([Detection(kept[0].label, sure, box, one)], dropped)
