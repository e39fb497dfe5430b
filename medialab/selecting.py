"""Which finds are drawn, in which order, and with which shape. Whole records are moved, no parts.

Source: the order of ADetailer's steps: confidence, ratio, the k best, sort, offset, growth, merge.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medialab import masks
from medialab.detailing import DetailerConfig
from medialab.detectors import Detection, without_doubles

if TYPE_CHECKING:
    from PIL import Image


def selected(
    finds: Sequence[Detection],
    image: "Image.Image",
    settings: DetailerConfig,
    *,
    is_given: bool = False,
) -> list[Detection]:
    """The finds that are drawn, in their order, numbered, each with the shape that is painted.

    Of a mask that a person has `given` nothing is left out, however small it is.
    """
    wanted = finds if is_given else filtered(finds, image, settings)
    kept = shaped(in_order(wanted, image, settings), settings, is_given=is_given)
    return [replace(found, index=number) for number, found in enumerate(kept)]


def filtered(
    finds: Sequence[Detection], image: "Image.Image", settings: DetailerConfig
) -> list[Detection]:
    """Those that are sure enough, neither too small nor too large, no doubles, and the k best."""
    area = image.width * image.height
    fitting = [
        found
        for found in finds
        # What no detector found, but was asked for, has no confidence.
        if (found.confidence >= settings.confidence or not found.confidence)
        and min(found.box.width, found.box.height) >= settings.min_size
        and settings.min_ratio <= found.box.area / area <= settings.max_ratio
    ]
    kept = without_doubles(fitting, settings.iou) if settings.iou < 1 else fitting
    if not settings.top_k:
        return kept
    by_area = settings.top_k_by == "area"
    best = sorted(kept, key=lambda one: one.box.area if by_area else one.confidence, reverse=True)
    chosen = {id(found) for found in best[: settings.top_k]}
    return [found for found in kept if id(found) in chosen]


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
) -> list[Detection]:
    """Masks moved, grown or shrunk, and made one where that is asked; empty ones are left out.

    A given one that would shrink to nothing stays as it is.
    """
    found_again = []
    for found in finds:
        moved = masks.moved(found.mask, settings.x_offset, settings.y_offset)
        mask = masks.grown(moved, settings.grow)
        if is_given and masks.box_of(mask) is None:
            mask = moved
        if (box := masks.box_of(mask)) is not None:
            found_again.append(replace(found, mask=mask, box=box))
    if settings.merge == "none" or not found_again:
        return found_again
    one = masks.merged([found.mask for found in found_again])
    if settings.merge == "merge and invert":
        one = masks.inverted(one)
    box = masks.box_of(one)
    sure = max(found.confidence for found in found_again)
    return [Detection(found_again[0].label, sure, box, one)] if box else []
