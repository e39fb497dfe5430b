"""A picture brought to a size: stretched, cropped or filled up."""

from typing import TYPE_CHECKING

from medialab.geometry import contain, cover

if TYPE_CHECKING:
    from PIL import Image


def resized(image: "Image.Image", width: int, height: int, mode: str) -> "Image.Image":
    """The picture at exactly that size, by Lanczos; `mode` is one of RESIZE_MODES.

    "resize and fill" repeats the edge's pixels, as A1111 does.
    """
    from PIL import Image

    if image.size == (width, height):
        return image
    if mode == "just resize":
        return image.resize((width, height), Image.Resampling.LANCZOS)
    fit = cover if mode == "crop and resize" else contain
    size = fit(image.width, image.height, width, height)
    scaled = image.resize(size, Image.Resampling.LANCZOS)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    if mode == "crop and resize":
        return scaled.crop((-left, -top, width - left, height - top))
    whole = Image.new(image.mode, (width, height))
    if left:
        whole.paste(scaled.crop((0, 0, 1, size[1])).resize((left, height)), (0, 0))
        edge = scaled.crop((size[0] - 1, 0, size[0], size[1]))
        whole.paste(edge.resize((width - left - size[0], height)), (left + size[0], 0))
    if top:
        whole.paste(scaled.crop((0, 0, size[0], 1)).resize((width, top)), (0, 0))
        edge = scaled.crop((0, size[1] - 1, size[0], size[1]))
        whole.paste(edge.resize((width, height - top - size[1])), (0, top + size[1]))
    whole.paste(scaled, (left, top))
    return whole
