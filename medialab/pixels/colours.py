"""Colours of a picture shifted to those of another, or stretched; its content is unchanged."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Side, in pixels, of the copies that are compared: finer differences are detail, not colour.
COMPARED_SIDE = 128
# Standard deviation (in Lab, L from 0 to 100) below which a channel is flat and only shifted.
_FLAT = 0.1

# Share of a channel's pixels that may become black, and as many white, when it is stretched; and
# the most by which its differences grow: beyond that 8-bit levels come apart into bands.
_CUT_OFF, _MOST_GAIN = 0.005, 3.0

# sRGB's primaries and its white (D65). Source: IEC 61966-2-1.
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
# Below this, CIE Lab replaces the cube root by a line.
_BEND = 6 / 29


def small_copy(image: "Image.Image") -> "Image.Image":
    """Return a copy whose long side is at most COMPARED_SIDE, each pixel the mean of its area.

    Cost: 2 ms at 1024².
    """
    factor = -(-max(image.size) // COMPARED_SIDE)
    return image.reduce(factor) if factor > 1 else image


def matched(image: "Image.Image", like: "Image.Image", strength: float) -> "Image.Image":
    """Return the picture with the mean and standard deviation of its colours moved to another's.

    Both are measured on small copies, so that an enlarged picture can be compared with its source.

    Args:
        image: An RGB picture of any size.
        like: The picture whose colours are wanted, of any size.
        strength: 0 leaves the colours as they are, 1 matches them fully.

    Source: Reinhard et al., "Color Transfer between Images", in CIE Lab.
    """
    import numpy as np
    from PIL import Image

    own, wanted = small_copy(image), small_copy(like)
    if own.tobytes() == wanted.tobytes() or strength == 0:
        return image
    (mean, spread), (to_mean, to_spread) = _statistics(own), _statistics(wanted)
    scale = np.where(spread > _FLAT, to_spread / np.maximum(spread, _FLAT), 1.0)
    colours = _to_lab(image)
    moved = (colours - mean) * scale + to_mean
    levels = _to_rgb(colours + strength * (moved - colours))
    return Image.fromarray((levels * 255).round().astype(np.uint8))


def balanced(image: "Image.Image", strength: float) -> "Image.Image":
    """Return the picture with each colour channel stretched to its full range.

    This takes haze and a colour cast away. Grey stays grey, and a channel of one level stays.

    Args:
        image: An RGB picture of any size.
        strength: 0 leaves the colours as they are, 1 stretches them fully.

    Source: Limare et al., "Simplest Color Balance", IPOL 2011.
    """
    counts = image.histogram()
    channels = [counts[start : start + 256] for start in range(0, len(counts), 256)]
    return image.point([level for one in channels for level in _stretched(one, strength)])


def _stretched(counts: Sequence[int], strength: float) -> list[int]:
    """Return the new level of each of a channel's 256, from how many pixels have each."""
    least = sum(counts) * _CUT_OFF
    low, above = (_level_after(one, least) for one in (counts, counts[::-1]))
    span = max(255 - above - low, 0)
    wider = min(255.0, span * _MOST_GAIN)
    gain = wider / span if span else 1.0
    # Of a channel that is not stretched to the ends, the middle stays where it is among the levels.
    start = low * (255 - wider) / (255 - span) if span < 255 else 0.0
    levels = (min(max(start + (level - low) * gain, 0.0), 255.0) for level in range(256))
    return [round(level + strength * (new - level)) for level, new in enumerate(levels)]


def _level_after(counts: Sequence[int], least: float) -> int:
    """Return the first level up to which more than `least` pixels lie."""
    seen = accumulate(counts)
    return next(level for level, pixels in enumerate(seen) if pixels > least)


def _statistics(image: "Image.Image") -> "tuple[np.ndarray, np.ndarray]":
    """Return mean and standard deviation of L, a and b, each of shape (3,)."""
    colours = _to_lab(image).reshape(-1, 3)
    return colours.mean(0), colours.std(0)


def _to_lab(image: "Image.Image") -> "np.ndarray":
    """Convert to CIE Lab: (h, w, 3), L in [0, 100], a and b roughly in [-100, 100]."""
    import numpy as np

    levels = np.asarray(image.convert("RGB"), np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    ratio = linear @ np.array(_TO_XYZ, np.float32).T / np.array(_WHITE, np.float32)
    root = np.where(ratio > _BEND**3, np.cbrt(ratio), ratio / (3 * _BEND**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _to_rgb(colours: "np.ndarray") -> Any:
    """Convert (h, w, 3) from Lab to sRGB in [0, 1]; colours outside sRGB are clipped."""
    import numpy as np

    light, red, yellow = np.moveaxis(colours, -1, 0)
    y = (light + 16) / 116
    root = np.stack([y + red / 500, y, y - yellow / 200], axis=-1)
    ratio = np.where(root > _BEND, root**3, 3 * _BEND**2 * (root - 4 / 29))
    linear = (ratio * np.array(_WHITE)) @ np.linalg.inv(np.array(_TO_XYZ)).T
    linear = linear.clip(0, 1)
    levels = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return levels.clip(0, 1)
