"""Conversion of grey pictures with more than 8 bits, or with floating-point values, to 8 bits.

Values are scaled by the range of their type, so that black stays black and white stays white:

- 16-bit integers by 65,535, or by 4,095 if a TIFF says that 12 bits are used;
- 32-bit integers by the smallest of 255, 65,535 and the type's own maximum that no value exceeds,
  since programs store 8-bit and 16-bit pictures in them;
- floating point from 0 to 1 by 1; whole numbers like 32-bit integers; filtered 8-bit levels (the
  largest above 128, none above 255) by 255; all others, which follow no convention (a depth in
  metres), from the smallest value (black) to the largest (white).

NaN and minus infinity become black, infinity becomes white. If a TIFF says that 0 is white, the
result is inverted.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SIXTEEN_BIT = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
DEEP = SIXTEEN_BIT | {"I", "F"}
_PIECE = 2**20  # pixels processed at once: floating point takes 16 bytes each meanwhile
_BITS, _FORMAT, _UNSIGNED = 258, 339, 1  # TIFF: BitsPerSample, SampleFormat, its first value
_MEANING, _WHITE_IS_ZERO = 262, 0  # TIFF: PhotometricInterpretation; Pillow heeds it for 8 bits
_HALF = 128


def to_8_bit(image: "Image.Image") -> "tuple[Image.Image, list[str]]":
    """Convert a picture of one of the modes `DEEP` to 8-bit grey.

    Returns:
        The picture, and the changes in words, if any.
    """
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    if image.mode in SIXTEEN_BIT:
        low, high = 0.0, _largest_of_16(image)
        changes = [f"its {round(high) + 1:,} levels of grey became 256"]
    elif image.mode == "I":
        if _is_unsigned(image):
            values = values.view(np.uint32)
        low, high = 0.0, _largest_of_integers(values)
        changes = [f"its {round(high) + 1:,} levels of grey became 256"] if high > 255 else []
    else:
        low, high, changes = _range_of_floats(values)
    levels = np.empty(values.shape, np.uint8)
    for rows in _pieces(values):
        levels[rows] = _scaled(values[rows], low, high)
    if getattr(image, "tag_v2", {}).get(_MEANING) == _WHITE_IS_ZERO:
        levels = 255 - levels
    return Image.fromarray(levels), changes


def transparent_level(image: "Image.Image") -> "Image.Image | None":
    """Return the alpha of a 16-bit grey picture with a transparent level; None for any other."""
    import numpy as np
    from PIL import Image

    level = image.info.get("transparency")
    if image.mode not in SIXTEEN_BIT or not isinstance(level, int):
        return None
    return Image.fromarray(np.where(np.asarray(image) == level, 0, 255).astype(np.uint8))


def _pieces(values: "np.ndarray") -> Iterator[slice]:
    """Yield slices of rows with about `_PIECE` pixels each."""
    rows = max(1, _PIECE // max(1, values.shape[1]))
    for begin in range(0, values.shape[0], rows):
        yield slice(begin, begin + rows)


def _scaled(values: "np.ndarray", low: float, high: float) -> "np.ndarray":
    import numpy as np

    wide = values.astype(np.float64)
    wide = np.nan_to_num(wide, nan=low, posinf=high, neginf=low)
    scaled: np.ndarray = (np.clip(wide, low, high) - low) * (255 / (high - low))
    return scaled.round().astype(np.uint8)


def _largest_of_16(image: "Image.Image") -> float:
    bits = getattr(image, "tag_v2", {}).get(_BITS)
    return 4095.0 if bits == (12,) else 65_535.0


def _is_unsigned(image: "Image.Image") -> bool:
    """Return whether a TIFF's 32-bit values are unsigned; Pillow returns them as signed."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_BITS) == (32,) and tags.get(_FORMAT, (_UNSIGNED,)) == (_UNSIGNED,)


def _largest_of_integers(values: "np.ndarray") -> float:
    import numpy as np

    largest = int(values.max()) if values.size else 0
    return float(
        next(most for most in (255, 65_535, np.iinfo(values.dtype).max) if largest <= most)
    )


def _range_of_floats(values: "np.ndarray") -> tuple[float, float, list[str]]:
    """Return the value that becomes black, the one that becomes white, and the changes in words."""
    import numpy as np

    low, high, strange, are_whole = np.inf, -np.inf, 0, True
    for rows in _pieces(values):
        finite = values[rows][np.isfinite(values[rows])]
        strange += values[rows].size - finite.size
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            are_whole = are_whole and bool((finite == np.rint(finite)).all())
    changes = []
    if strange:
        changes.append(f"{strange:,} of its values were NaN or infinite and became black or white")
    if low > high or (low >= 0 and high <= 1):
        return 0.0, 1.0, changes
    if low >= 0 and are_whole and high <= 2**31:
        most = _largest_of_integers(np.array([round(high)], np.int64))
        return 0.0, most, changes
    if low >= 0 and _HALF < high <= 255:
        return 0.0, 255.0, changes
    if low == high:  # a single value of unknown meaning: a grey, black or white
        return 0.0, 255.0, changes
    return low, high, [f"its values from {low:g} to {high:g} became black to white", *changes]
