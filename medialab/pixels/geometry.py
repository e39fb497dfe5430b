"""Sizes, boxes, crops and tiles: whole numbers of pixels, and no pictures."""

import math
from dataclasses import dataclass

BLOCK = 8  # pixels that a latent stands for
# Pixels a side within which a model draws at once: less leaves a denoiser nothing to work with, and
# more, a typing error mostly, asks for gigabytes. Pictures themselves may have any size.
LEAST_DRAWN, MOST_DRAWN = 64, 4096
# The side of SDXL's square pictures, and the sizes of one megapixel that it was trained at.
# Source: appendix I of its paper, of which ADetailer takes these.
SDXL_SIDE = 1024
SDXL_SIZES = (
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
    """A rectangle of pixels; `right` and `bottom` are the first ones outside it."""

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
        """Pixels in it; 0 of an empty box."""
        return max(0, self.width) * max(0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom, as Pillow takes them."""
        return self.left, self.top, self.right, self.bottom

    def within(self, width: int, height: int) -> "Box":
        """The part of it that lies in a picture."""
        left, right = (min(max(0, x), width) for x in (self.left, self.right))
        top, bottom = (min(max(0, y), height) for y in (self.top, self.bottom))
        return Box(left, top, max(left, right), max(top, bottom))

    def padded(self, pixels: int) -> "Box":
        """Larger by so many pixels on each side."""
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)

    def moved(self, right: int, down: int) -> "Box":
        """The same size elsewhere."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def iou(self, other: "Box") -> float:
        """Shared area over joint area, 0 to 1."""
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
    """How a picture of one size became one of another: where in the new one the old one lies.

    `inside` reaches beyond the new picture where that is a part of the old one. Where it leaves
    room, the new one `repeats` the old one's edge; otherwise what is there has nothing to do with
    the old one.
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
    """How `mode`, one of RESIZE_MODES, brings a picture from one size to another."""
    if mode not in {"crop and resize", "resize and fill"}:
        return Placement(of, to, Box(0, 0, *to))
    fit = cover if mode == "crop and resize" else contain
    width, height = fit(*of, *to)
    left, top = (to[0] - width) // 2, (to[1] - height) // 2
    return Placement(of, to, Box(left, top, left + width, top + height))


def drawn_size(width: int, height: int, block: int = BLOCK) -> tuple[int, int]:
    """The size at which a picture of any size is drawn: whole blocks, and not too few of them.

    What is more than the picture is cut off afterwards; `block` is in pixels.
    """
    across, down = (math.ceil(max(side, LEAST_DRAWN) / block) * block for side in (width, height))
    return across, down


def has_blocks(size: tuple[int, int], block: int = BLOCK) -> bool:
    """Whether a picture of that size is drawn as it is, with nothing to cut off."""
    return drawn_size(*size, block) == size


def to_multiple(length: float, multiple: int = BLOCK) -> int:
    """The nearest multiple, at least one of them."""
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
    """The size that the hires fix enlarges to.

    With one side given the proportions stay; with both, that size, which what covers it is cut to.
    A side that is given is that side. The others are in multiples of 8, as A1111 has it, unless
    the size is to be `exact`, as it is for pictures that a person gave.
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
    """The least size of these proportions that covers another."""
    scale = max(to_width / width, to_height / height)
    return max(to_width, round(width * scale)), max(to_height, round(height * scale))


def covering_size(width: int, height: int, to_width: int, to_height: int) -> tuple[int, int]:
    """`cover` in multiples of 8: what a picture is enlarged to before it is cut to a size."""
    across, down = cover(width, height, to_width, to_height)
    return max(to_width, to_multiple(across)), max(to_height, to_multiple(down))


def contain(width: int, height: int, in_width: int, in_height: int) -> tuple[int, int]:
    """The largest size of these proportions that fits into another."""
    scale = min(in_width / width, in_height / height)
    return (
        min(in_width, max(1, round(width * scale))),
        min(in_height, max(1, round(height * scale))),
    )


def around(box: Box, factor: float, width: int, height: int) -> Box:
    """The surroundings of a box, `factor` times its sides, shifted to stay in the picture.

    Source: Impact Pack's make_crop_region.
    """
    across, down = min(width, round(box.width * factor)), min(height, round(box.height * factor))
    middle_x, middle_y = box.centre
    left = min(max(0, round(middle_x - across / 2)), width - across)
    top = min(max(0, round(middle_y - down / 2)), height - down)
    return Box(left, top, left + across, top + down)


def to_proportions(box: Box, of_width: int, of_height: int, width: int, height: int) -> Box:
    """The box grown to the proportions of another size, as far as the picture goes.

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
    """The size at which a crop is drawn again, in multiples of 8.

    The box's short side comes to `guide` pixels, unless the crop's long side would exceed
    `largest`. A part drawn smaller comes back worse, so a crop is made smaller than it is only
    where its long side exceeds `most`. Source: Impact Pack's enhance_detail.
    """
    longest = max(crop.width, crop.height)
    scale = guide / max(1, min(box.width, box.height))
    scale = max(min(1.0, most / longest), min(scale, largest / longest))
    return to_multiple(crop.width * scale), to_multiple(crop.height * scale)


def matched_size(
    box: Box, width: int, height: int, match: str, native: int = SDXL_SIDE
) -> tuple[int, int]:
    """The size at which a part of that box's shape is drawn, in multiples of 8.

    `width` and `height` are the size that would be used otherwise (match "off"). "free" keeps the
    longer of the two and the box's proportions; "strict" takes, of the sizes that SDXL was trained
    at (scaled to the side that the model was trained at), the one whose proportions are nearest.
    Source: ADetailer's aaaaaa/helper and adetailer/opts.py, optimal_crop_size.
    """
    proportions = box.width / box.height
    if match == "free":
        longest = max(width, height)
        across, down = longest * min(1.0, proportions), longest * min(1.0, 1 / proportions)
        return (math.ceil(across / BLOCK) * BLOCK, math.ceil(down / BLOCK) * BLOCK)
    if match == "strict":
        scaled = [
            (to_multiple(wide * native / SDXL_SIDE), to_multiple(high * native / SDXL_SIDE))
            for wide, high in SDXL_SIZES
        ]
        large_enough = [
            (wide, high)
            for wide, high in scaled
            if wide >= box.width and high >= box.height and (wide >= width or high >= height)
        ]
        if large_enough:
            return min(large_enough, key=lambda size: abs(size[0] / size[1] - proportions))
    return width, height
