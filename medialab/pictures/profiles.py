"""Colour profiles: pictures are converted to sRGB, which models and screens assume."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

# The colour space that a profile must have, by the picture's mode.
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
# To detect a profile that changes nothing: levels per channel in the sample of colours, and the
# difference in levels below which two colours count as equal.
_SAMPLED, _SAME = 9, 1
_LONGEST_NAME = 60  # characters
BROKEN = "its colour profile is damaged and was ignored"


def to_srgb(image: "Image.Image", profile: bytes) -> "tuple[Image.Image, list[str]]":
    """Convert a picture from its colour profile to sRGB.

    Grey stays grey. A picture is returned unchanged if its profile equals sRGB, is damaged, or is
    for another colour space.

    Args:
        image: A picture of mode L, RGB, CMYK or LAB.
        profile: An ICC profile.

    Returns:
        The picture, and the changes in words, if any.
    """
    from PIL import ImageCms

    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = given.profile.xcolor_space.strip()
        # Programs leave an RGB profile in a picture that they convert to grey.
        if image.mode == "L" and space == _SPACES["RGB"]:
            return _grey_converted(image, given)
        if space != _SPACES[image.mode]:
            return image, ["its colour profile is for another colour space and was ignored"]
        return _converted(image, given)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return image, [BROKEN]


def lab_to_srgb(image: "Image.Image") -> "Image.Image":
    """Convert a picture of mode LAB to sRGB, which Pillow's `convert` cannot do."""
    from PIL import ImageCms

    return _applied(image, _transform("LAB", ImageCms.createProfile("LAB")))


def _converted(image: "Image.Image", given: Any) -> "tuple[Image.Image, list[str]]":
    transform = _transform(image.mode, given)
    sample = _sample(image.mode)
    seen = None if sample is None else _applied(sample, transform)
    if sample is not None and seen is not None and _is_same(sample, seen):
        return image, []
    if image.mode == "L" and seen is not None:
        return _with_greys(image, seen), [_described(given)]
    return _applied(image, transform), [_described(given)]


def _grey_converted(image: "Image.Image", given: Any) -> "tuple[Image.Image, list[str]]":
    """Convert a grey picture with an RGB profile, using that profile's greys."""
    from PIL import Image

    greys = Image.merge("RGB", [Image.linear_gradient("L").crop((0, 0, 1, 256))] * 3)
    seen = _applied(greys, _transform("RGB", given))
    if _is_same(greys, seen):
        return image, []
    return _with_greys(image, seen), [_described(given)]


def _with_greys(image: "Image.Image", seen: "Image.Image") -> "Image.Image":
    """Map the greys of a picture; `seen` holds the new value of each of the 256 greys in order."""
    return image.point(list(seen.getchannel("G").tobytes()))


def _described(given: Any) -> str:
    return f"its colours were converted from {_name_of(given)} to sRGB"


def _transform(mode: str, given: Any) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")


def _applied(image: "Image.Image", transform: Any) -> "Image.Image":
    from PIL import ImageCms

    converted = ImageCms.applyTransform(image, transform)
    if converted is None:
        raise ValueError(image.mode)
    return converted


def _sample(mode: str) -> "Image.Image | None":
    """Return all greys (mode L) or a grid of colours (RGB); None for other modes."""
    import numpy as np
    from PIL import Image

    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    if mode == "RGB":
        levels = np.linspace(0, 255, _SAMPLED).round().astype(np.uint8)
        grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
        return Image.fromarray(grid.reshape(_SAMPLED, -1, 3))
    return None


def _is_same(sample: "Image.Image", seen: "Image.Image") -> bool:
    import numpy as np

    before = np.asarray(sample.convert("RGB")).astype(int)
    return bool(np.abs(before - np.asarray(seen).astype(int)).max() <= _SAME)


def _name_of(given: Any) -> str:
    """Return the profile's own name, printable characters only."""
    from PIL import ImageCms

    name = "".join(filter(str.isprintable, ImageCms.getProfileDescription(given))).strip()
    return name[:_LONGEST_NAME] or "their own profile"
