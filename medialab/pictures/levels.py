"""Grey pictures of more than 8 bits, and of fractions, as 8 bits.

A picture's numbers are scaled by what its type can hold, so that black stays black and white
white:

- 16 bits by 65,535; where a TIFF says that 12 bits count, by 4,095;
- 32-bit integers by the least of 255, 65,535 and the type's own largest that none exceeds, since
  programs keep pictures of 8 and 16 bits in them;
- fractions from 0 to 1 by 1; whole numbers as 32-bit integers; those that are levels of 8 bits
  with what a filter made of them, the largest above 128 and none above 255, by 255; all others,
  which no convention covers (a depth in metres), from the least, which becomes black, to the
  largest, which is white.

What is no number becomes black, infinity white, minus infinity black. Where a TIFF says that 0 is
white, it is.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SIXTEEN_BIT = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
DEEP = SIXTEEN_BIT | {"I", "F"}
_PIECE = 2**20  # pixels worked on at once: fractions take 16 bytes each meanwhile
_BITS, _FORMAT, _UNSIGNED = 258, 339, 1  # TIFF: BitsPerSample, SampleFormat, its first value
_MEANING, _WHITE_IS_ZERO = 262, 0  # TIFF: PhotometricInterpretation; Pillow heeds it for 8 bits
_HALF = 128


def to_8_bit(image: "Image.Image") -> "tuple[Image.Image, list[str]]":
    """A picture of one of the modes `DEEP` as 8-bit grey, and what was done, in words."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    if image.mode in SIXTEEN_BIT:
        low, high = 0.0, _largest_of_16(image)
        told = [f"its {round(high) + 1:,} levels of grey became 256"]
    elif image.mode == "I":
        if _is_unsigned(image):
            values = values.view(np.uint32)
        low, high = 0.0, _largest_of_integers(values)
        told = [f"its {round(high) + 1:,} levels of grey became 256"] if high > 255 else []
    else:
        low, high, told = _range_of_fractions(values)
    levels = np.empty(values.shape, np.uint8)
    for rows in _pieces(values):
        levels[rows] = _scaled(values[rows], low, high)
    if getattr(image, "tag_v2", {}).get(_MEANING) == _WHITE_IS_ZERO:
        levels = 255 - levels
    return Image.fromarray(levels), told


def transparent_level(image: "Image.Image") -> "Image.Image | None":
    """The alpha of a 16-bit grey picture one of whose levels is transparent; None of others."""
    import numpy as np
    from PIL import Image

    level = image.info.get("transparency")
    if image.mode not in SIXTEEN_BIT or not isinstance(level, int):
        return None
    return Image.fromarray(np.where(np.asarray(image) == level, 0, 255).astype(np.uint8))


def _pieces(values: "np.ndarray") -> Iterator[slice]:
    """Slices of rows that hold some `_PIECE` pixels each."""
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
    """Whether a TIFF's 32 bits have no sign; Pillow hands them over as if they had one."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_BITS) == (32,) and tags.get(_FORMAT, (_UNSIGNED,)) == (_UNSIGNED,)


def _largest_of_integers(values: "np.ndarray") -> float:
    import numpy as np

    largest = int(values.max()) if values.size else 0
    return float(
        next(most for most in (255, 65_535, np.iinfo(values.dtype).max) if largest <= most)
    )


def _range_of_fractions(values: "np.ndarray") -> tuple[float, float, list[str]]:
    """What becomes black and what white, and that in words."""
    import numpy as np

    low, high, strange, are_whole = np.inf, -np.inf, 0, True
    for rows in _pieces(values):
        finite = values[rows][np.isfinite(values[rows])]
        strange += values[rows].size - finite.size
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            are_whole = are_whole and bool((finite == np.rint(finite)).all())
    told = [f"{strange:,} of its values were NaN or infinite; they became black or white"] * bool(
        strange
    )
    if low > high or (low >= 0 and high <= 1):
        return 0.0, 1.0, told
    if low >= 0 and are_whole and high <= 2**31:
        most = _largest_of_integers(np.array([round(high)], np.int64))
        return 0.0, most, told
    if low >= 0 and _HALF < high <= 255:
        return 0.0, 255.0, told
    if low == high:  # flat, and of no known meaning: a grey, black or white
        return 0.0, 255.0, told
    return low, high, [f"its values from {low:g} to {high:g} became black to white", *told]
