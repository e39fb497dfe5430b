"""Sizes, boxes, crops and tiles: whole numbers of pixels, and no pictures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medialab.errors import ConfigError

# Pixels: sizes are set, and parts of a picture drawn, in such steps. A family may draw in larger
# blocks; what they add to a picture is cut off again.
SIDE_STEP = 8
# Limits, in pixels a side, of a picture drawn in one piece: a smaller one leaves a denoiser nothing
# to work with, a larger one (usually a typing error) needs gigabytes. Pictures may have any size.
LEAST_DRAWN, MOST_DRAWN = 64, 4096
# Areas up to this many times a model's own, or as many times less, are drawn well enough.
_NEAR = 2.0
# Usual sizes of one megapixel, and the side of the square one. Source: appendix I of the paper on
# SDXL, which was trained at them; the selection is ADetailer's.
MEGAPIXEL_SIDE = 1024
MEGAPIXEL_SIZES = (
    (1024, 1024),
    (1152, 896),
    (896, 1152),
    (1216, 832),
    (832, 1216),
    (1344, 768),
    (768, 1344),
    (1536, 640),
    (640, 1536),
)


@dataclass(frozen=True, order=True)
class Box:
    """A rectangle of pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Number of pixels in it; 0 for an empty box."""
        return max(0, self.width) * max(0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """Its centre (x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom, as Pillow takes them."""
        return self.left, self.top, self.right, self.bottom

    def within(self, width: int, height: int) -> "Box":
        """Return the part of the box inside a picture of that size."""
        left, right = (min(max(0, x), width) for x in (self.left, self.right))
        top, bottom = (min(max(0, y), height) for y in (self.top, self.bottom))
        return Box(left, top, max(left, right), max(top, bottom))

    def padded(self, pixels: int) -> "Box":
        """Return the box enlarged by that many pixels on each side."""
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)

    def moved(self, right: int, down: int) -> "Box":
        """Return a box of the same size, moved by pixels to the right and down."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def edges_in(self, whole: "Box", width: int, height: int) -> tuple[float, float, float, float]:
        """Return the edges of what shows in this box where a picture is stretched to another.

        Args:
            whole: The box that the picture is stretched to.
            width: Of the picture as it is, in pixels, as the result.
            height: Of it, in pixels.
        """
        own = self.moved(-whole.left, -whole.top)
        return (
            own.left * width / whole.width,
            own.top * height / whole.height,
            own.right * width / whole.width,
            own.bottom * height / whole.height,
        )

    def iou(self, other: "Box") -> float:
        """Return the intersection over union of two boxes, 0 to 1."""
        shared = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area
        joint = self.area + other.area - shared
        return shared / joint if joint else 0.0


@dataclass(frozen=True)
class Placement:
    """How a picture was brought to another size: the place of the old picture in the new one.

    Attributes:
        of: Size of the old picture, width and height in pixels.
        to: Size of the new picture.
        inside: Where the whole old picture lies, in pixels of the new one. It reaches beyond the
            new picture if that shows only a part of the old one.
        repeats: Whether the area outside `inside` repeats the old picture's edge; otherwise it is
            unrelated to the old picture.
    """

    of: tuple[int, int]
    to: tuple[int, int]
    inside: Box
    repeats: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the new picture is the old one."""
        return self.of == self.to and self.inside == Box(0, 0, *self.to)


def placement(of: tuple[int, int], to: tuple[int, int], mode: str) -> Placement:
    """Return how a resize mode brings a picture from one size to another.

    Args:
        of: Width and height of the picture, in pixels.
        to: Width and height that are wanted.
        mode: One of RESIZE_MODES.
    """
    if mode not in {"crop and resize", "resize and fill"}:
        return Placement(of, to, Box(0, 0, *to))
    fit = cover if mode == "crop and resize" else contain
    width, height = fit(*of, *to)
    left, top = (to[0] - width) // 2, (to[1] - height) // 2
    return Placement(of, to, Box(left, top, left + width, top + height))


def size_from_start(journey: Sequence[Placement], size: tuple[int, int]) -> tuple[int, int]:
    """Return the size in pixels at which a picture shows its start picture in its own size.

    Args:
        journey: The steps that resized and moved the start picture, in order.
        size: Width and height of the picture now; later stages may have enlarged it.
    """
    if not journey:
        return size
    across = down = 1.0
    for step in journey:
        across *= step.inside.width / step.of[0]
        down *= step.inside.height / step.of[1]
    across *= size[0] / journey[-1].to[0]
    down *= size[1] / journey[-1].to[1]
    return round(size[0] / across), round(size[1] / down)


def fitted_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size at which a model draws a picture well: its own if that is near enough.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        side: The side in pixels of the square that the model was trained at.

    Returns:
        The picture's size if its area is from half to twice that of the square, else one of the
        square's area and the picture's proportions, in whole steps.
    """
    share = width * height / side**2
    if 1 / _NEAR <= share <= _NEAR:
        return width, height
    scale = share**-0.5
    sides = (to_multiple(length * scale) for length in (width, height))
    across, down = (min(max(length, LEAST_DRAWN), MOST_DRAWN) for length in sides)
    return across, down


def drawn_size(width: int, height: int, block: int) -> tuple[int, int]:
    """Return the size at which a picture is drawn: whole blocks, at least LEAST_DRAWN a side.

    The excess is cropped afterwards.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        block: Side of a block, in pixels.
    """
    across, down = (math.ceil(max(side, LEAST_DRAWN) / block) * block for side in (width, height))
    return across, down


def has_blocks(size: tuple[int, int], block: int) -> bool:
    """Return whether a picture of that size is drawn as it is, with nothing to crop."""
    return drawn_size(*size, block) == size


def to_multiple(length: float, multiple: int = SIDE_STEP) -> int:
    """Round to the nearest multiple, at least one."""
    return max(multiple, round(length / multiple) * multiple)


def hires_size(
    width: int,
    height: int,
    scale: float,
    to_width: int | None = None,
    to_height: int | None = None,
    *,
    exact: bool = False,
) -> tuple[int, int]:
    """Return the size in pixels to which the hires fix enlarges a picture.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        scale: Factor used if neither side is given.
        to_width: The width that is wanted; alone, it keeps the proportions.
        to_height: The height that is wanted; alone, it keeps the proportions. With both, the
            picture is enlarged to cover that size and cropped to it.
        exact: Whether a side that is not given is rounded to a pixel (for pictures that a person
            supplied), not to a multiple of 8 as A1111 does.

    Source: A1111's modules/processing.py, calculate_target_resolution.
    """
    if to_width and to_height:
        return to_width, to_height
    scales = [to / side for to, side in ((to_width, width), (to_height, height)) if to]
    found = []
    for to, side in ((to_width, width), (to_height, height)):
        if to:
            found.append(to)
        elif exact:
            found.append(max(1, round(side * (scales[0] if scales else scale))))
        else:
            found.append(to_multiple(side * scales[0] if scales else int(side * scale)))
    return found[0], found[1]


def cover(width: int, height: int, to_width: int, to_height: int) -> tuple[int, int]:
    """Return the smallest size of these proportions that covers another."""
    scale = max(to_width / width, to_height / height)
    return max(to_width, round(width * scale)), max(to_height, round(height * scale))


def covering_size(width: int, height: int, to_width: int, to_height: int) -> tuple[int, int]:
    """Return `cover` in multiples of 8: the size of a picture before it is cropped to another."""
    across, down = cover(width, height, to_width, to_height)
    return max(to_width, to_multiple(across)), max(to_height, to_multiple(down))


def contain(width: int, height: int, in_width: int, in_height: int) -> tuple[int, int]:
    """Return the largest size of these proportions that fits into another."""
    scale = min(in_width / width, in_height / height)
    return (
        min(in_width, max(1, round(width * scale))),
        min(in_height, max(1, round(height * scale))),
    )


def surroundings(box: Box, factor: float, width: int, height: int) -> Box:
    """Return a box around another, `factor` times its sides, shifted to stay in the picture.

    Args:
        box: In pixels of the picture.
        factor: Size of the result relative to the box; it never exceeds the picture.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Source: Impact Pack's make_crop_region.
    """
    across, down = min(width, round(box.width * factor)), min(height, round(box.height * factor))
    middle_x, middle_y = box.centre
    left = min(max(0, round(middle_x - across / 2)), width - across)
    top = min(max(0, round(middle_y - down / 2)), height - down)
    return Box(left, top, left + across, top + down)


def to_proportions(box: Box, of_width: int, of_height: int, width: int, height: int) -> Box:
    """Return the box enlarged to the proportions of another size, within the picture.

    Args:
        box: In pixels of the picture.
        of_width: Width of the size whose proportions are wanted.
        of_height: Height of that size.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Source: A1111's modules/masking.py, expand_crop_region.
    """
    wanted = of_width / of_height
    across, down = box.width, box.height
    if across / down < wanted:
        across = min(width, round(down * wanted))
    else:
        down = min(height, round(across / wanted))
    middle_x, middle_y = box.centre
    left = min(max(0, math.floor(middle_x - across / 2)), width - across)
    top = min(max(0, math.floor(middle_y - down / 2)), height - down)
    return Box(left, top, left + across, top + down)


def working_size(
    crop: Box, box: Box, guide: int, largest: int, most: int = MOST_DRAWN
) -> tuple[int, int]:
    """Return the size at which a crop is repainted, in steps of SIDE_STEP.

    Repainting at a smaller size loses detail, so a crop is reduced only if it exceeds `most`.

    Args:
        crop: The part of the picture that is repainted, in pixels.
        box: The detection inside it, in pixels.
        guide: Pixels that the box's short side is scaled to.
        largest: Limit for the crop's long side when it is enlarged, in pixels.
        most: Limit for the crop's long side in any case, in pixels.

    Source: Impact Pack's enhance_detail.
    """
    longest = max(crop.width, crop.height)
    scale = guide / max(1, min(box.width, box.height))
    scale = max(min(1.0, most / longest), min(scale, largest / longest))
    return to_multiple(crop.width * scale), to_multiple(crop.height * scale)


def matched_size(
    box: Box, width: int, height: int, match: str, native: int = MEGAPIXEL_SIDE
) -> tuple[int, int]:
    """Return the size at which a part with that box's shape is repainted, in steps of SIDE_STEP.

    Args:
        box: The part, in pixels of the picture.
        width: Of the size used without matching, in pixels.
        height: Of that size.
        match: "off" returns that size. "free" keeps its longer side and the box's proportions.
            "strict" picks, from the usual sizes of a megapixel (scaled to `native`), the one with
            the nearest proportions.
        native: Side of the square pictures that the model was trained at, in pixels.

    Source: ADetailer's aaaaaa/helper and adetailer/opts.py, optimal_crop_size.
    """
    proportions = box.width / box.height
    if match == "free":
        longest = max(width, height)
        across, down = longest * min(1.0, proportions), longest * min(1.0, 1 / proportions)
        return (
            math.ceil(across / SIDE_STEP) * SIDE_STEP,
            math.ceil(down / SIDE_STEP) * SIDE_STEP,
        )
    if match == "strict":
        scaled = [
            (
                to_multiple(wide * native / MEGAPIXEL_SIDE),
                to_multiple(high * native / MEGAPIXEL_SIDE),
            )
            for wide, high in MEGAPIXEL_SIZES
        ]
        large_enough = [
            (wide, high)
            for wide, high in scaled
            if wide >= box.width and high >= box.height and (wide >= width or high >= height)
        ]
        if large_enough:
            return min(large_enough, key=lambda size: abs(size[0] / size[1] - proportions))
    return width, height


def too_large_to_draw(size: tuple[int, int], stage: str = "") -> ConfigError:
    """Return the error for a picture that no model draws in one piece; `stage` would."""
    message = (
        f"{stage + ' draws ' if stage else ''}{size[0]} × {size[1]} pixels: a model draws at most "
        f"{MOST_DRAWN} a side at once. Set a smaller width and height, or leave the picture as it "
        "is and draw parts of it (a detailer, only masked, the upscaler's tiles)"
    )
    return ConfigError(message)
