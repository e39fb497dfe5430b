"""Pictures given as arrays of numpy, or of what numpy reads as one."""

from typing import TYPE_CHECKING, Any

from medialab.errors import PictureError, first_line

if TYPE_CHECKING:
    from PIL import Image

_CHANNELS = (1, 3, 4)
_ROUNDED = 1e-3  # how far fractions may miss 0 and 1: less than half of one of 255 levels
_AT_ONCE = 2**18  # numbers converted at once: as fractions of 64 bits they take eight times a byte


def picture_of_array(given: Any) -> "Image.Image":
    """Return an array as a picture of 8 bits.

    Args:
        given: Of shape (height, width), or (height, width, channels) with 1 channel for grey, 3 for
            RGB, 4 for RGB and alpha. True is white. Fractions go from 0 to 1, or miss that by a
            rounding; other numbers from 0 to 255, or to 65,535 in an array of uint16. Grey of
            nothing but 0 and 1 is a mask, of which 1 is white.

    Raises:
        PictureError: it has another shape, or its numbers are none of these; or it is no array in
            memory, such as a tensor on a GPU.
    """
    import numpy as np
    from PIL import Image

    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(given).__name__
        raise PictureError(f"this {kind} is no numpy array: {first_line(error)}") from error
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in _CHANNELS):
        raise PictureError(
            f"an array of shape {array.shape} is no picture; give (height, width) or "
            "(height, width, 3), with 4 for transparency"
        )
    if not array.size:
        raise PictureError(f"an array of shape {array.shape} has no pixels")
    if array.dtype.kind not in "buif":
        raise PictureError(f"an array of {array.dtype} is no picture; give numbers of 0 to 255")
    least, most = float(array.min()), float(array.max())
    top = 65_535 if array.dtype.kind == "u" and array.dtype.itemsize == 2 else 255
    is_float = array.dtype.kind == "f"
    if is_float and least >= -_ROUNDED and most <= 1 + _ROUNDED:
        top = 1
    elif not 0 <= least <= most <= top or (is_float and most < 2):
        raise PictureError(
            f"this array's numbers go from {least:g} to {most:g}; a picture's go from 0 to {top:,}"
            ", or from 0 to 1 as fractions"
        )
    # Programs that cut things out write such masks; as grey of 255 levels they would be all black.
    is_mask = most == 1 and array.shape[2:] in {(), (1,)}
    if is_mask or array.dtype.kind == "b":
        top = 1
    pixels = np.empty_like(array, np.uint8)
    rows = max(1, _AT_ONCE // array[0].size)
    for first in range(0, len(array), rows):
        part = slice(first, first + rows)
        pixels[part] = np.round(array[part].astype(np.float64) * (255 / top))
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
