"""Colour profiles: a picture brought to sRGB, which is what models and screens take it for."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

# The colour space that a profile is for, by the picture's mode.
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
# Levels of a channel in the sample of colours that tells whether a profile changes anything, and
# by how many a colour may move without being taken for another.
_SAMPLED, _SAME = 9, 1
_LONGEST_NAME = 60  # characters
BROKEN = "its colour profile is broken and was ignored"


def to_srgb(image: "Image.Image", profile: bytes) -> "tuple[Image.Image, list[str]]":
    """A picture of mode L, RGB, CMYK or LAB in the colours of sRGB, and what was done, in words.

    Grey stays grey. One whose profile is sRGB keeps every byte; so does one whose profile is broken
    or for other pictures.
    """
    from PIL import ImageCms

    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = given.profile.xcolor_space.strip()
        if image.mode == "L" and space == _SPACES["RGB"]:  # programs leave it where colours went
            return _grey_converted(image, given)
        if space != _SPACES[image.mode]:
            return image, ["its colour profile is for other kinds of pictures and was ignored"]
        return _converted(image, given)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return image, [BROKEN]


def lab_to_srgb(image: "Image.Image") -> "Image.Image":
    """A picture of mode LAB, which Pillow itself converts to nothing."""
    from PIL import ImageCms

    return _applied(image, _transform("LAB", ImageCms.createProfile("LAB")))


def _converted(image: "Image.Image", given: Any) -> "tuple[Image.Image, list[str]]":
    transform = _transform(image.mode, given)
    sample = _sample(image.mode)
    seen = None if sample is None else _applied(sample, transform)
    if sample is not None and seen is not None and _is_same(sample, seen):
        return image, []
    if image.mode == "L" and seen is not None:
        return _with_greys(image, seen), [_told(given)]
    return _applied(image, transform), [_told(given)]


def _grey_converted(image: "Image.Image", given: Any) -> "tuple[Image.Image, list[str]]":
    """A grey picture whose profile is one of colours: its greys are those of that profile."""
    from PIL import Image

    greys = Image.merge("RGB", [Image.linear_gradient("L").crop((0, 0, 1, 256))] * 3)
    seen = _applied(greys, _transform("RGB", given))
    return (image, []) if _is_same(greys, seen) else (_with_greys(image, seen), [_told(given)])


def _with_greys(image: "Image.Image", seen: "Image.Image") -> "Image.Image":
    """A grey picture with what each of the 256 greys, in their order, has become."""
    return image.point(list(seen.getchannel("G").tobytes()))


def _told(given: Any) -> str:
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
    """Every grey, or colours from all over RGB; None where a picture's mode is not a screen's."""
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
    """What the profile calls itself, as far as that can be shown."""
    from PIL import ImageCms

    name = "".join(filter(str.isprintable, ImageCms.getProfileDescription(given))).strip()
    return name[:_LONGEST_NAME] or "their own profile"
