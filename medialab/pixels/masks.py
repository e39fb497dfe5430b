"""Masks: 8-bit pictures in which 255 is painted anew and 0 stays. Each function gives a new one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# A1111's fill: blurs of the kept surroundings, laid over each other from far to near, radius and
# how often. Source: modules/masking.py, fill.
_FILLS = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))


def of_box(box: Box, width: int, height: int) -> "Image.Image":
    """A mask of a picture's size that is white in the box."""
    from PIL import Image

    mask = Image.new("L", (width, height), 0)
    mask.paste(255, box.within(width, height).edges)
    return mask


def box_of(mask: "Image.Image") -> Box | None:
    """The least box around all that is not black; None of a black mask."""
    edges = mask.getbbox()
    return Box(*edges) if edges else None


def scaled(mask: "Image.Image", width: int, height: int) -> "Image.Image":
    """The mask stretched to a size; made smaller, each place is as its lightest pixel was.

    So no spot vanishes, however small it is.
    """
    from PIL import Image

    levels = _levels(mask)
    for axis, length in ((0, height), (1, width)):
        levels = _pooled(levels, length, axis)
    return _image(levels).resize((width, height), Image.Resampling.BILINEAR)


def _pooled(levels: "np.ndarray", length: int, axis: int) -> "np.ndarray":
    """The greatest of the levels that each place along an axis stands for, where it is shortened.

    Likewise of booleans.
    """
    import numpy as np

    before = levels.shape[axis]
    if before <= length:
        return levels
    return np.maximum.reduceat(levels, np.arange(length) * before // length, axis=axis)


def grown(mask: "Image.Image", pixels: int) -> "Image.Image":
    """Larger by so many pixels on each side, smaller where negative; square, as ADetailer's."""
    from scipy import ndimage

    if pixels == 0:
        return mask.copy()
    size = 2 * abs(pixels) + 1
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    return _where_white(mask, abs(pixels), lambda levels: change(levels, size=(size, size)))


def blurred(mask: "Image.Image", pixels: int) -> "Image.Image":
    """A soft edge, sigma `pixels`, cut off where A1111's kernel of 2·int(2.5b + 0.5) + 1 ends."""
    from scipy import ndimage

    if pixels == 0:
        return mask.copy()
    radius = reach(pixels)

    import numpy as np

    def soften(levels: "np.ndarray") -> "np.ndarray":
        soft = ndimage.gaussian_filter(levels.astype("float32"), pixels, radius=radius)
        return np.asarray(soft.round())

    return _where_white(mask, radius, soften)


def _where_white(
    mask: "Image.Image", margin: int, change: "Callable[[np.ndarray], np.ndarray]"
) -> "Image.Image":
    """The mask changed around what is not black, which reaches `margin` pixels and no further.

    Cost: by what is white in it, not by its size.
    """
    box = box_of(mask)
    if box is None:
        return mask.convert("L")
    place = box.padded(margin).within(*mask.size)
    if place.edges == (0, 0, *mask.size):
        return _image(change(_levels(mask)))
    from PIL import Image

    result = Image.new("L", mask.size, 0)
    result.paste(_image(change(_levels(mask.crop(place.edges)))), (place.left, place.top))
    return result


def reach(blur: int) -> int:
    """How many pixels to either side of an edge `blurred` softens. Source: A1111's kernel size."""
    return int(2.5 * blur + 0.5)


def moved(mask: "Image.Image", right: int, up: int) -> "Image.Image":
    """The same shape elsewhere; ADetailer's offsets, where up is positive."""
    from PIL import ImageChops

    shifted = ImageChops.offset(mask, right, -up)
    # What left on one side must not come back on the other.
    if right:
        shifted.paste(
            0,
            (0, 0, right, mask.height)
            if right > 0
            else (mask.width + right, 0, mask.width, mask.height),
        )
    if up:
        shifted.paste(
            0, (0, mask.height - up, mask.width, mask.height) if up > 0 else (0, 0, mask.width, -up)
        )
    return shifted


def fitted(mask: "Image.Image", inside: Box, box: Box) -> "Image.Image":
    """The part of a mask in one box, moved and stretched to another; black elsewhere."""
    from PIL import Image

    if inside == box:
        return mask.copy()
    part = mask.crop(inside.edges).resize((box.width, box.height), Image.Resampling.NEAREST)
    result = Image.new("L", mask.size, 0)
    result.paste(part, (box.left, box.top))
    return result


def inverted(mask: "Image.Image") -> "Image.Image":
    """White where it was black."""
    from PIL import ImageOps

    return ImageOps.invert(mask)


def merged(masks: "list[Image.Image]") -> "Image.Image":
    """White where any is."""
    from PIL import ImageChops

    whole = masks[0].copy()
    for mask in masks[1:]:
        whole = ImageChops.lighter(whole, mask)
    return whole


def composite(base: "Image.Image", painted: "Image.Image", mask: "Image.Image") -> "Image.Image":
    """`painted` where the mask is white; where it is black, every byte is the base's."""
    from PIL import Image

    return Image.composite(painted, base, mask)


def full(mask: "Image.Image") -> "Image.Image":
    """The mask without what it covers only in part."""
    return mask.convert("L").point(lambda level: 255 * (level == 255))


def filled(image: "Image.Image", mask: "Image.Image") -> "Image.Image":
    """The picture with what the mask covers painted over in colours from around it."""
    from PIL import Image, ImageFilter, ImageOps

    result = Image.new("RGBA", image.size)
    kept = Image.new("RGBa", image.size)
    kept.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask.convert("L")))
    kept = kept.convert("RGBa")
    for radius, times in _FILLS:
        soft = kept.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            result.alpha_composite(soft)
    return result.convert("RGB")


def _levels(mask: "Image.Image") -> "np.ndarray":
    import numpy as np

    return np.asarray(mask.convert("L"))


def _image(levels: "np.ndarray") -> "Image.Image":
    from PIL import Image

    return Image.fromarray(levels.astype("uint8"))
