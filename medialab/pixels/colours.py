"""A picture's colours brought to those of another, without touching what it shows."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Pixels a side of the copies that are compared: what differs below that is detail, not colour.
COMPARED_SIDE = 128
# Deviation (in Lab, where L goes from 0 to 100) under which a channel is flat and only shifted.
_FLAT = 0.1

# sRGB's primaries and its white (D65). Source: IEC 61966-2-1.
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
# CIE's cube root ends here and a line begins.
_BEND = 6 / 29


def small_copy(image: "Image.Image") -> "Image.Image":
    """The picture with its long side at most COMPARED_SIDE, each pixel the mean of what it covers.

    Cost: 2 ms at 1024².
    """
    factor = -(-max(image.size) // COMPARED_SIDE)
    return image.reduce(factor) if factor > 1 else image


def matched(image: "Image.Image", like: "Image.Image", strength: float) -> "Image.Image":
    """The RGB picture with mean and spread of its colours those of `like`, as far as `strength`.

    Both are taken of small copies, so that an enlarged picture compares with what it was made of.
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


def _statistics(image: "Image.Image") -> "tuple[np.ndarray, np.ndarray]":
    """Mean and standard deviation of L, a and b."""
    colours = _to_lab(image).reshape(-1, 3)
    return colours.mean(0), colours.std(0)


def _to_lab(image: "Image.Image") -> "np.ndarray":
    """(h, w, 3) of an RGB picture: L in [0, 100], a and b about as far to either side of 0."""
    import numpy as np

    levels = np.asarray(image.convert("RGB"), np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    ratio = linear @ np.array(_TO_XYZ, np.float32).T / np.array(_WHITE, np.float32)
    root = np.where(ratio > _BEND**3, np.cbrt(ratio), ratio / (3 * _BEND**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _to_rgb(colours: "np.ndarray") -> Any:
    """(h, w, 3) in [0, 1] of Lab; what no screen can show is clipped."""
    import numpy as np

    light, red, yellow = np.moveaxis(colours, -1, 0)
    y = (light + 16) / 116
    root = np.stack([y + red / 500, y, y - yellow / 200], axis=-1)
    ratio = np.where(root > _BEND, root**3, 3 * _BEND**2 * (root - 4 / 29))
    linear = (ratio * np.array(_WHITE)) @ np.linalg.inv(np.array(_TO_XYZ)).T
    linear = linear.clip(0, 1)
    levels = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return levels.clip(0, 1)
