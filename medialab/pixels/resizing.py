"""A picture brought to a size: stretched, cropped or filled up, and what belongs to it likewise."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from medialab.pixels import masks
from medialab.pixels.geometry import Box, Placement, placement

if TYPE_CHECKING:
    from PIL import Image

Scale = Callable[["Image.Image", int, int], "Image.Image"]


def resized(image: "Image.Image", width: int, height: int, mode: str) -> "Image.Image":
    """The picture at exactly that size, by Lanczos; `mode` is one of RESIZE_MODES.

    "resize and fill" repeats the edge's pixels, as A1111 does.
    """
    if image.size == (width, height):
        return image
    return placed(image, placement(image.size, (width, height), mode))


def padded(image: "Image.Image", width: int, height: int) -> "Image.Image":
    """The picture grown to the right and downwards to a size, its edge's pixels repeated."""
    if image.size == (width, height):
        return image
    return placed(image, Placement(image.size, (width, height), Box(0, 0, *image.size)))


def lanczos(image: "Image.Image", width: int, height: int) -> "Image.Image":
    """The picture stretched to a size; as it is where it has that."""
    from PIL import Image

    if image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS)


def placed(image: "Image.Image", step: Placement, scale: Scale = lanczos) -> "Image.Image":
    """A picture, or one that belongs to it, where the placement says; `scale` stretches it."""
    import numpy as np
    from PIL import Image

    inside, (width, height) = step.inside, step.to
    whole = scale(image, inside.width, inside.height)
    seen = inside.within(width, height)
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


def along(
    picture: "Image.Image",
    journey: Sequence[Placement],
    size: tuple[int, int],
    scale: Scale = lanczos,
) -> "Image.Image":
    """A picture that belongs to another, brought to `size` in the ways that one was.

    `journey` is how the other came to be of that size, the picture that was given first. One of
    the final size is as it should be, one of a size on the way goes the rest of the way; any other
    is taken for one of the picture that was given, stretched.
    """
    if picture.size == size:
        return picture
    starts = [number for number, step in enumerate(journey) if step.of == picture.size]
    for step in journey[starts[0] if starts else 0 :]:
        picture = placed(picture, step, scale)
    return scale(picture, *size)


def mask_along(
    mask: "Image.Image", journey: Sequence[Placement], size: tuple[int, int]
) -> "Image.Image":
    """A mask of 8-bit grey brought to a picture's size as `along` does; no white spot is lost."""
    return along(mask, journey, size, masks.scaled)


def belongs(picture: "Image.Image", journey: Sequence[Placement]) -> bool:
    """Whether a picture has a size that the other had on its journey."""
    return any(step.of == picture.size for step in journey)
