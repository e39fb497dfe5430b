"""Pictures from anywhere: opened within limits and normalised to 8-bit sRGB.

Pillow's exceptions for a damaged, unsupported or endless file end here: whatever reads a picture
(to store it, to read its settings, to make a thumbnail) opens it with `open_picture`.
"""

import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.errors import PictureError, PictureTooLargeError, shown
from medialab.files.regular import read_regular
from medialab.pictures import levels, png_chunks, profiles
from medialab.pictures.arrays import picture_of_array

if TYPE_CHECKING:
    from PIL import Image

# A decompression bomb would exhaust memory: 64 megapixels are 8192 a side.
MOST_PIXELS = 8192 * 8192
_MOST_BYTES = 512 * 2**20  # limit for the file: a TIFF of 64 megapixels and 16 bits has 400 MB
# Formats of cameras, browsers and painting programs. Left out: those that Pillow opens by starting
# another program (EPS, WMF), and scientific ones, whose pixels are not colours.
_FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000", "MPO", "PPM"),
    *("TGA", "ICO", "ICNS", "DDS", "PSD", "QOI", "PCX", "SGI"),
)
_OTHER_TIFF = (
    "a TIFF of another kind (colours of 32 bits, half fractions) or a camera's raw file; save it "
    "as a PNG or JPEG"
)
# Unsupported files that people try to open as pictures: their first bytes, the offset of these, and
# what to do.
_UNSUPPORTED = (
    (b"ftyphei", 4, "an HEIC photo; save it as a JPEG"),
    (b"ftypmif1", 4, "an HEIC photo; save it as a JPEG"),
    (b"<svg", 0, "an SVG drawing; save it as a PNG"),
    (b"%PDF", 0, "a PDF; save its page as a PNG"),
    (b"%!PS", 0, "a PostScript file; save it as a PNG"),
    (b"\xff\x0a", 0, "a JPEG XL; save it as a PNG"),
    (b"\0\0\0\x0cJXL ", 0, "a JPEG XL; save it as a PNG"),
    (b"II*\0", 0, _OTHER_TIFF),
    (b"MM\0*", 0, _OTHER_TIFF),
    (b"<html", 0, "a web page; save the picture itself"),
    (b"<!DOCTYPE", 0, "a web page; save the picture itself"),
)
_ORIENTATION = 0x0112
# Of a PNG with 2 or 4 bits a pixel, Pillow scales the levels to 8 bits, and of 16-bit colours it
# reads the upper 8, but not those of the level or colour that is transparent.
_TIMES = {"L;2": 85, "L;4": 17}
_UPPER_BITS = "RGB;16B"
_SUBFILE, _IS_REDUCED = 254, 1  # TIFF: NewSubfileType, its bit for "smaller copy of another"
# Exceptions that Pillow's readers raise for malformed files.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,  # libavif's; also of a method that is not implemented, or recurses too deep
    struct.error,
    zlib.error,
)
_QUIET = threading.RLock()  # warning filters belong to the process, not to a thread


@dataclass(frozen=True)
class PictureFile:
    """An open picture file: its header is read, its pixels are not decoded yet.

    Attributes:
        image: The picture; pixels are decoded when first used.
        texts: A PNG's texts by keyword.
        too_long: Keywords of texts that were not read because they are too long.
        damaged: Keywords of texts that are damaged.
        profile: The colour profile; None if there is none, empty if it is damaged.
    """

    image: "Image.Image"
    texts: Mapping[str, str]
    too_long: frozenset[str]
    damaged: frozenset[str]
    profile: bytes | None


class Normalised(NamedTuple):
    """A normalised picture, and the changes that took, in words.

    The picture is 8-bit grey or RGB, with alpha if any of it is transparent.
    """

    image: "Image.Image"
    changes: tuple[str, ...]


@contextmanager
def open_picture(
    source: Path | bytes,
    what: str,
    formats: tuple[str, ...] | None = None,
    most: int = MOST_PIXELS,
) -> Iterator[PictureFile]:
    """Open a picture's file for the block.

    Args:
        source: The file's path or content.
        what: Its name in messages.
        formats: Pillow's names of the accepted formats; None for all supported ones.
        most: The most pixels it may have.

    Raises:
        PictureError: the file does not exist, is not a picture of these formats, or is damaged;
            errors of Pillow inside the block are converted too.
        PictureTooLargeError: it has more than `most` pixels, or does not fit into memory.
    """
    from PIL import Image, UnidentifiedImageError

    with _named_errors(what):
        content = source if isinstance(source, bytes) else read_regular(source, _MOST_BYTES)
        parts = png_chunks.split(content) if png_chunks.is_png(content) else None
        file = BytesIO(parts.rest if parts else content)
        try:
            image = Image.open(file, formats=formats or _formats())
        except UnidentifiedImageError as error:
            known = f": it is {it}" if (it := unsupported_kind(content)) else ""
            message = f"{what}: not a picture in a supported format{known}"
            raise PictureError(message) from error
        with image:
            _check_size(image, what, most)
            _refuse_preview(image, what)
            _scale_transparent(image)
            if parts is None:
                profile = image.info.get("icc_profile")
                yield PictureFile(image, {}, frozenset(), frozenset(), profile)
            else:
                yield PictureFile(image, parts.texts, parts.too_long, parts.damaged, parts.profile)


def normalise(picture: Any) -> Normalised:
    """Convert a picture to 8-bit sRGB.

    It is rotated upright by its EXIF orientation, converted to sRGB from its colour profile, and
    scaled to 8 bits from the range of its type (`medialab.pictures.levels`). Of an animation the
    first frame is used. Grey stays grey; alpha stays if any of it is transparent.

    Args:
        picture: An image of PIL, a numpy array (`medialab.pictures.arrays`), or a file's path or
            content.

    Raises:
        PictureError: it is not a picture, is damaged or too large.
    """
    from PIL import Image

    # Text of numpy is an array, too, and a path or a content all the same.
    is_file = isinstance(picture, (str, bytes, os.PathLike))
    if not is_file and not isinstance(picture, Image.Image) and hasattr(picture, "__array__"):
        picture = picture_of_array(picture)
    if isinstance(picture, Image.Image):
        with _named_errors("this picture"):
            _check_size(picture, "this picture")
            return normalise_image(picture, picture.info.get("icc_profile"))
    if not is_file:
        raise PictureError(
            f"{shown(picture)} is no picture; give an image of PIL, a numpy array, or the path or "
            "the content of a picture's file"
        )
    what = "these bytes" if isinstance(picture, bytes) else str(picture)
    source = picture if isinstance(picture, bytes) else Path(picture)
    with open_picture(source, what) as file:
        result = normalise_image(file.image, file.profile, _decoding_losses(file.image))
        _check_size(result.image, what)  # an icon's picture may be larger than its header says
        return result


def orientation_of(image: "Image.Image") -> int:
    """Return a picture's EXIF orientation, 1 (upright) to 8; 0 if its EXIF is damaged."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except BROKEN:
        return 0
    return found if isinstance(found, int) and found in range(1, 9) else 0


def upright(image: "Image.Image", orientation: int) -> "Image.Image":
    """Return the picture rotated or mirrored according to its EXIF orientation, 1 to 8."""
    from PIL import Image

    turns = Image.Transpose
    method = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)
    return image if method is None else image.transpose(method)


@contextmanager
def _named_errors(what: str) -> Iterator[None]:
    """Convert Pillow's exceptions to errors that name the file, and silence its warnings."""
    from PIL import Image

    try:
        with _QUIET, warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            yield
    except Image.DecompressionBombError as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        raise _too_large(what, int(found[1]) if found else None) from error
    except MemoryError as error:
        message = f"{what}: there is not enough memory for a picture this large; make it smaller"
        raise PictureTooLargeError(message) from error
    except FileNotFoundError as error:
        raise PictureError(f"no file {what}") from error
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PictureError(f"{what}: the picture cannot be read ({reason})") from error


@cache
def _formats() -> tuple[str, ...]:
    """Return the `_FORMATS` that the installed Pillow supports."""
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def unsupported_kind(content: bytes) -> str:
    """Return what an unsupported file is and what to do with it; empty if it is not recognised."""
    known = (kind for begin, at, kind in _UNSUPPORTED if content.startswith(begin, at))
    return next(known, "")


def _check_size(image: "Image.Image", what: str, most: int = MOST_PIXELS) -> None:
    if not image.width or not image.height:
        raise PictureError(f"{what}: it has no pixels")
    if image.width * image.height > most:
        raise _too_large(what, image.width * image.height, most)


def _refuse_preview(image: "Image.Image", what: str) -> None:
    """Refuse a camera's raw file, from which Pillow would read only the small preview."""
    kind = getattr(image, "tag_v2", {}).get(_SUBFILE, 0)
    if isinstance(kind, int) and kind & _IS_REDUCED:
        raise PictureError(
            f"{what}: its first picture is only a preview, as in a camera's raw file; save the "
            "picture itself as a PNG or JPEG"
        )


def _scale_transparent(image: "Image.Image") -> None:
    """Scale the level or colour of a PNG that is transparent to 8 bits, as its pixels will be."""
    given = image.info.get("transparency")
    tiles = getattr(image, "tile", ())
    kind = str(tiles[0][3]) if tiles and image.format == "PNG" else ""
    if kind in _TIMES and isinstance(given, int):
        image.info["transparency"] = given * _TIMES[kind]
    elif kind == _UPPER_BITS and isinstance(given, tuple):
        image.info["transparency"] = tuple(level >> 8 for level in given)


def _too_large(what: str, pixels: int | None, most: int = MOST_PIXELS) -> PictureTooLargeError:
    has = "its pixels" if pixels is None else f"its {max(1, round(pixels / 1e6)):,} megapixels"
    return PictureTooLargeError(
        f"{what}: {has} are too many, the limit is {most / 1e6:.0f} megapixels; "
        "make it smaller first"
    )


def _decoding_losses(image: "Image.Image") -> list[str]:
    """Return, in words, what Pillow discards when it decodes a file."""
    losses = []
    # An MPO is not an animation: it is a photo followed by its depth or a smaller copy.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        losses.append("only the first picture in its file is used")
    # Of 16-bit colours Pillow reads the upper 8 bits, which equals scaling.
    tiles = getattr(image, "tile", ())
    if image.mode not in levels.DEEP and any(";16" in str(tile[3]) for tile in tiles):
        losses.append("its 65,536 levels per channel became 256")
    return losses


def normalise_image(
    image: "Image.Image", profile: bytes | None, changes: Sequence[str] = ()
) -> Normalised:
    """Normalise an open picture, as `normalise` does.

    Args:
        image: The picture, as Pillow opened it.
        profile: Its colour profile; None if there is none, empty if it is damaged.
        changes: The changes made so far, in words.
    """
    image.load()
    changes = list(changes)
    orientation = orientation_of(image)
    if orientation == 0:
        changes.append("its EXIF orientation is damaged and was ignored")
    elif orientation > 1:
        changes.append("it was rotated upright, as its EXIF says")
    image, alpha = _split_alpha(image)
    if image.mode in levels.DEEP:
        image, words = levels.to_8_bit(image)
        changes += words
    if image.mode == "LAB":
        image, profile = profiles.lab_to_srgb(image), None
        changes.append("its Lab colours were converted to sRGB")
    if profile is not None:
        image, words = profiles.to_srgb(image, profile) if profile else (image, [profiles.BROKEN])
        changes += words
    if image.mode == "CMYK":
        image = image.convert("RGB")
        changes.append(
            "its CMYK colours were converted to RGB by a simple formula, without a profile"
        )
    if alpha is not None and alpha.getextrema() != (255, 255):
        image = _with_alpha(image, alpha)
    return Normalised(upright(image, orientation), tuple(changes))


def _split_alpha(image: "Image.Image") -> "tuple[Image.Image, Image.Image | None]":
    """Return the picture without alpha, in a mode that `profiles` can convert, and its alpha."""
    if image.mode in levels.DEEP:
        return image, levels.transparent_level(image)
    if image.has_transparency_data:
        mode = "LA" if image.mode in {"1", "L", "LA", "La"} else "RGBA"
        whole = image.convert(mode)
        return whole.convert(mode[:-1]), whole.getchannel("A")
    if image.mode in {"L", "RGB", "CMYK", "LAB"}:
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _with_alpha(image: "Image.Image", alpha: "Image.Image") -> "Image.Image":
    from PIL import Image

    return Image.merge(f"{image.mode}A", (*image.split(), alpha))
