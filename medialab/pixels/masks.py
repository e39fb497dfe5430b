"""Masks: 8-bit grey pictures, 255 where the picture is repainted. Functions return new ones."""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# A1111's fill: blurs of the unmasked surroundings, composited from the widest to the narrowest:
# radius in pixels, and how many times. Source: modules/masking.py, fill.
_FILLS = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))
# Less alpha than this, of 255, is left of a colour by these blurs far from where it was: as a share
# of so few levels no colour can be told. There the fill of a smaller copy shows.
_TELLS_COLOUR = 64


def box_mask(box: Box, width: int, height: int) -> "Image.Image":
    """Return a mask of that size that is white inside the box."""
    from PIL import Image

    mask = Image.new("L", (width, height), 0)
    mask.paste(255, box.within(width, height).edges)
    return mask


def bounding_box(mask: "Image.Image") -> Box | None:
    """Return the smallest box around everything that is not black; None if all is black."""
    edges = mask.getbbox()
    return Box(*edges) if edges else None


def scaled(
    mask: "Image.Image",
    width: int,
    height: int,
    part: tuple[float, float, float, float] | None = None,
) -> "Image.Image":
    """Return the mask stretched to a size.

    When it shrinks, each pixel takes the lightest value it covers, so that no spot vanishes.

    Args:
        mask: The mask.
        width: In pixels.
        height: In pixels.
        part: Left, top, right and bottom of the part that is enlarged to that size; by default all
            is stretched.
    """
    from PIL import Image

    if part is not None:
        return mask.convert("L").resize((width, height), Image.Resampling.BILINEAR, part)
    levels = _levels(mask)
    for axis, length in ((0, height), (1, width)):
        levels = _pooled(levels, length, axis)
    return _image(levels).resize((width, height), Image.Resampling.BILINEAR)


def _pooled(levels: "np.ndarray", length: int, axis: int) -> "np.ndarray":
    """Return levels (or booleans) max-pooled along an axis to `length`, if that is shorter."""
    import numpy as np

    before = levels.shape[axis]
    if before <= length:
        return levels
    return np.maximum.reduceat(levels, np.arange(length) * before // length, axis=axis)


def grown(mask: "Image.Image", pixels: int) -> "Image.Image":
    """Return the mask dilated by that many pixels (eroded if negative), with a square kernel.

    Source: ADetailer's dilation.
    """
    from scipy import ndimage

    if pixels == 0:
        return mask.copy()
    size = 2 * abs(pixels) + 1
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    return _where_white(mask, abs(pixels), lambda levels: change(levels, size=(size, size)))


def blurred(mask: "Image.Image", pixels: int) -> "Image.Image":
    """Return the mask with a Gaussian blur of sigma `pixels`, with the radius of A1111's kernel."""
    from scipy import ndimage

    if pixels == 0:
        return mask.copy()
    radius = blur_radius(pixels)

    import numpy as np

    def soften(levels: "np.ndarray") -> "np.ndarray":
        soft = ndimage.gaussian_filter(levels.astype("float32"), pixels, radius=radius)
        return np.asarray(soft.round())

    return _where_white(mask, radius, soften)


def _where_white(
    mask: "Image.Image", margin: int, change: "Callable[[np.ndarray], np.ndarray]"
) -> "Image.Image":
    """Apply a change to the area that is not black, plus `margin` pixels around it.

    Args:
        mask: The mask.
        margin: How far the change reaches, in pixels.
        change: From levels (h, w), uint8, to levels of the same shape, 0 to 255.

    Cost: proportional to the white area, not to the mask's size.
    """
    box = bounding_box(mask)
    if box is None:
        return mask.convert("L")
    place = box.padded(margin).within(*mask.size)
    if place.edges == (0, 0, *mask.size):
        return _image(change(_levels(mask)))
    from PIL import Image

    result = Image.new("L", mask.size, 0)
    result.paste(_image(change(_levels(mask.crop(place.edges)))), (place.left, place.top))
    return result


def blur_radius(blur: int) -> int:
    """Return how many pixels `blurred` softens on either side of an edge.

    Source: A1111's kernel size, 2·int(2.5·blur + 0.5) + 1.
    """
    return int(2.5 * blur + 0.5)


def moved(mask: "Image.Image", right: int, up: int) -> "Image.Image":
    """Return the mask shifted by pixels to the right and up, as ADetailer's offsets.

    Parts shifted out of the picture are lost; the freed area is black.
    """
    from PIL import ImageChops

    shifted = ImageChops.offset(mask, right, -up)
    # `offset` wraps around: blank the part that re-entered on the opposite side.
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
    """Return the part of a mask in the box `inside`, stretched to `box`; black elsewhere.

    What lies beyond the mask's edges is lost.
    """
    from PIL import Image

    if inside == box:
        return mask.copy()
    seen = box.within(*mask.size)
    result = Image.new("L", mask.size, 0)
    if seen.area:
        edges = seen.edges_in(box, inside.width, inside.height)
        part = mask.crop(inside.edges)
        size = seen.width, seen.height
        result.paste(part.resize(size, Image.Resampling.NEAREST, edges), (seen.left, seen.top))
    return result


def inverted(mask: "Image.Image") -> "Image.Image":
    """Return the mask with black and white swapped."""
    from PIL import ImageOps

    return ImageOps.invert(mask)


def merged(masks: "Iterable[Image.Image]") -> "Image.Image":
    """Return the union of masks of one size, one at least: the lightest value at each pixel."""
    from PIL import ImageChops

    return reduce(ImageChops.lighter, masks).copy()


def composite(base: "Image.Image", painted: "Image.Image", mask: "Image.Image") -> "Image.Image":
    """Return `painted` where the mask is white, and exactly `base` where it is black."""
    from PIL import Image

    return Image.composite(painted, base, mask)


def opaque(mask: "Image.Image") -> "Image.Image":
    """Return the mask with everything but full white (255) set to black."""
    return mask.convert("L").point(lambda level: 255 * (level == 255))


def filled(image: "Image.Image", mask: "Image.Image") -> "Image.Image":
    """Return the picture with the masked area filled with blurred colours from around it.

    A picture that is masked whole has none around, and is black.
    """
    from PIL import Image, ImageFilter, ImageOps

    outside = ImageOps.invert(mask.convert("L"))
    result = Image.new("RGBA", image.size)
    around = Image.new("RGBa", image.size)
    around.paste(image.convert("RGBA").convert("RGBa"), mask=outside)
    around = around.convert("RGBa")
    for radius, times in _FILLS:
        soft = around.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            result.alpha_composite(soft)
    near, told = result.convert("RGB"), result.getchannel("A")
    if _levels(told).min() >= _TELLS_COLOUR:
        return near
    share = told.point(lambda alpha: min(255, alpha * 255 // _TELLS_COLOUR))
    return Image.composite(near, _filled_far(image, outside) or near, share)


def _filled_far(image: "Image.Image", outside: "Image.Image") -> "Image.Image | None":
    """Return `filled` by a copy of half the size, whose blurs reach twice as far.

    Args:
        image: The picture.
        outside: The inverted mask, 8-bit grey of its size.

    Returns:
        None if nothing of the picture is outside the mask, or it is one pixel.
    """
    from PIL import Image

    whole = image.convert("RGB")
    whole.putalpha(outside)
    small = whole.reduce(2)
    masked = small.getchannel("A").point(lambda alpha: 255 * (alpha < _TELLS_COLOUR // 2))
    if small.size == image.size or masked.getextrema() == (255, 255):
        return None
    half = 0.0, 0.0, image.width / 2, image.height / 2
    larger = filled(small.convert("RGB"), masked)
    return larger.resize(image.size, Image.Resampling.BICUBIC, half)


def _levels(mask: "Image.Image") -> "np.ndarray":
    import numpy as np

    return np.asarray(mask.convert("L"))


def _image(levels: "np.ndarray") -> "Image.Image":
    from PIL import Image

    return Image.fromarray(levels.astype("uint8"))
