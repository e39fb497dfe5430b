"""Resizing: a picture is stretched, cropped or padded to a size, and its masks in the same way."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from medialab.pixels import masks
from medialab.pixels.geometry import Box, Placement, placement

if TYPE_CHECKING:
    from PIL import Image

# The most pixels to which a picture is enlarged before it is cropped: 0.8 GB of 8-bit RGB. A strip
# of a few pixels that is to cover a square would take as much memory as a thousand pictures.
MOST_WHOLE = 16_384**2
Part = tuple[float, float, float, float]  # left, top, right, bottom of what is scaled
Scale = Callable[["Image.Image", int, int, Part | None], "Image.Image"]


def resized(image: "Image.Image", width: int, height: int, mode: str) -> "Image.Image":
    """Return the picture at exactly that size in pixels, by Lanczos.

    `mode` is one of RESIZE_MODES; "resize and fill" repeats the edge's pixels, as A1111 does.
    """
    if image.size == (width, height):
        return image
    return placed(image, placement(image.size, (width, height), mode))


def padded(image: "Image.Image", width: int, height: int) -> "Image.Image":
    """Return the picture padded on the right and bottom to a size by repeating its edge."""
    if image.size == (width, height):
        return image
    return placed(image, Placement(image.size, (width, height), Box(0, 0, *image.size)))


def lanczos(
    image: "Image.Image", width: int, height: int, part: Part | None = None
) -> "Image.Image":
    """Return the picture, or a part of it, stretched to a size by Lanczos.

    It is unchanged if it has that size.
    """
    from PIL import Image

    if image.size == (width, height) and part is None:
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS, part)


def placed(image: "Image.Image", step: Placement, scale: Scale = lanczos) -> "Image.Image":
    """Return a picture (or its mask) placed as a placement describes.

    Args:
        image: The picture, or a mask or control image of the same size.
        step: Where it goes in the new picture.
        scale: Stretches it, or a part of it, to a width and a height in pixels.
    """
    import numpy as np
    from PIL import Image

    inside, (width, height) = step.inside, step.to
    seen = inside.within(width, height)
    if inside.area > MOST_WHOLE and seen != inside:
        edges = seen.edges_in(inside, *image.size)
        part = scale(image, seen.width, seen.height, edges)
    else:
        whole = scale(image, inside.width, inside.height, None)
        part = whole.crop(seen.moved(-inside.left, -inside.top).edges)
    if part.size == step.to:
        return part
    if not step.repeats:
        canvas = Image.new(image.mode, step.to)
        canvas.paste(part, (seen.left, seen.top))
        return canvas
    around = ((seen.top, height - seen.bottom), (seen.left, width - seen.right))
    levels = np.asarray(part)
    return Image.fromarray(np.pad(levels, [*around, (0, 0)][: levels.ndim], mode="edge"))


def follow(
    picture: "Image.Image",
    journey: Sequence[Placement],
    size: tuple[int, int],
    scale: Scale = lanczos,
) -> "Image.Image":
    """Return a picture resized in the same steps as another one that it belongs to.

    A picture that already has the final size is returned unchanged. One with an intermediate size
    goes through the remaining steps. Any other is stretched to the other's original size first.

    Args:
        picture: A mask or a control image, of any size.
        journey: The steps in which the other picture was resized, in order.
        size: Width and height of the result, in pixels.
        scale: Stretches a picture, or a part of it, to a width and a height.
    """
    if picture.size == size:
        return picture
    starts = [number for number, step in enumerate(journey) if step.of == picture.size]
    for step in journey[starts[0] if starts else 0 :]:
        picture = placed(picture, step, scale)
    return scale(picture, *size, None)


def follow_mask(
    mask: "Image.Image", journey: Sequence[Placement], size: tuple[int, int]
) -> "Image.Image":
    """Return an 8-bit mask resized as by `follow`, without losing a white spot."""
    return follow(mask, journey, size, masks.scaled)


def fits_a_step(picture: "Image.Image", journey: Sequence[Placement]) -> bool:
    """Return whether a picture has a size that the other one had before one of its steps."""
    return any(step.of == picture.size for step in journey)
