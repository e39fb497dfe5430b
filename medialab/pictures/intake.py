"""Pictures from anywhere, opened within bounds and brought to what this studio works on.

What Pillow raises for a broken, foreign or endless file ends here: every door through which a
picture comes (kept, its settings read, shown small) opens it by `opened`.
"""

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
from typing import TYPE_CHECKING, NamedTuple

from medialab.errors import PictureError, PictureTooLargeError
from medialab.files.regular import read_regular
from medialab.pictures import levels, png_chunks, profiles

if TYPE_CHECKING:
    from PIL import Image

# Whoever opens a picture of a bomb's size runs out of memory: 64 megapixels are 8192 a side.
MOST_PIXELS = 8192 * 8192
_MOST_BYTES = 512 * 2**20  # of its file: a TIFF of 64 megapixels and 16 bits has 400 MB
# What a camera, a browser or a painting program writes. Not here: formats that Pillow opens by
# starting another program (EPS, WMF), and those of science, where pixels are no colours.
_FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000", "MPO", "PPM"),
    *("TGA", "ICO", "ICNS", "DDS", "PSD", "QOI", "PCX", "SGI"),
)
_OTHER_TIFF = (
    "a TIFF of another kind (colours of 32 bits, half fractions) or a camera's raw file; save it "
    "as a PNG or JPEG"
)
# Kinds of files that people take for pictures that can be read: how they begin, from which byte.
_KNOWN_STRANGERS = (
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
_SUBFILE, _IS_REDUCED = 254, 1  # TIFF: NewSubfileType, its bit for "smaller copy of another"
# What Pillow's readers raise for bytes that are not what they expect.
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
    RecursionError,
    NotImplementedError,
    struct.error,
    zlib.error,
)
_QUIET = threading.RLock()  # lists of warnings belong to the process, not to a thread


@dataclass(frozen=True)
class PictureFile:
    """A picture's file, opened: what its header says, its pixels not yet decoded.

    `texts` are a PNG's, `too_long` the keywords of those that were not read for their length.
    `profile` is its colour profile: None where it has none, empty where it is broken.
    """

    image: "Image.Image"
    texts: Mapping[str, str]
    too_long: frozenset[str]
    profile: bytes | None


class Taken(NamedTuple):
    """A picture as it is worked on, and what was done to it for that, in words.

    8-bit grey or RGB, with alpha if any of it is transparent.
    """

    image: "Image.Image"
    told: tuple[str, ...]


@contextmanager
def opened(
    source: Path | bytes,
    what: str,
    formats: tuple[str, ...] | None = None,
    most: int = MOST_PIXELS,
) -> Iterator[PictureFile]:
    """Open a picture's file for the block; `what` names it in messages.

    Raises:
        PictureError: it is gone, no picture (of these formats), or broken, be it in the block.
        PictureTooLargeError: it has more than `most` pixels, or there is no memory for it.
    """
    from PIL import Image, UnidentifiedImageError

    with _told(what):
        content = source if isinstance(source, bytes) else read_regular(source, _MOST_BYTES)
        parts = png_chunks.parted(content) if png_chunks.is_png(content) else None
        file = BytesIO(parts.rest if parts else content)
        try:
            image = Image.open(file, formats=formats or _formats())
        except UnidentifiedImageError as error:
            known = f": it is {it}" if (it := stranger(content)) else ""
            message = f"{what}: not a picture in a format that can be read{known}"
            raise PictureError(message) from error
        with image:
            _check_size(image, what, most)
            _refuse_preview(image, what)
            if parts is None:
                yield PictureFile(image, {}, frozenset(), image.info.get("icc_profile"))
            else:
                yield PictureFile(image, parts.texts, parts.too_long, parts.profile)


def taken_in(picture: "Image.Image | Path | str | bytes") -> Taken:
    """Bring a picture, or the file or bytes of one, to what is worked on.

    It is turned upright as its EXIF says, brought to sRGB by its colour profile, and to 8 bits by
    what its type can hold (`medialab.pictures.levels`). Of an animation it is the first picture.
    Grey stays grey; alpha stays where any of it is transparent.

    Raises:
        PictureError: no picture, a broken or a far too large one.
    """
    from PIL import Image

    if isinstance(picture, Image.Image):
        with _told("this picture"):
            _check_size(picture, "this picture")
            return plain(picture, picture.info.get("icc_profile"))
    what = "these bytes" if isinstance(picture, bytes) else str(picture)
    source = picture if isinstance(picture, bytes) else Path(picture)
    with opened(source, what) as file:
        taken = plain(file.image, file.profile, _words_of_file(file.image))
        _check_size(taken.image, what)  # an icon's picture may be larger than its file says
        return taken


def orientation_of(image: "Image.Image") -> int:
    """How a picture lies, 1 to 8, as its EXIF says; 0 where that is broken."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except BROKEN:
        return 0
    return found if isinstance(found, int) and found in range(1, 9) else 0


def upright(image: "Image.Image", orientation: int) -> "Image.Image":
    """A picture turned so that it stands as it was taken."""
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
def _told(what: str) -> Iterator[None]:
    """Turn what Pillow raises into an error that names the file; its warnings go nowhere."""
    from PIL import Image

    try:
        with _QUIET, warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            yield
    except Image.DecompressionBombError as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        raise _too_large(what, int(found[1]) if found else None) from error
    except MemoryError as error:
        message = f"{what}: there is not enough memory for a picture of its size; make it smaller"
        raise PictureTooLargeError(message) from error
    except FileNotFoundError as error:
        raise PictureError(f"no file {what}") from error
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PictureError(f"{what}: not a picture that can be read ({reason})") from error


@cache
def _formats() -> tuple[str, ...]:
    """Those of `_FORMATS` that this Pillow has."""
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def stranger(content: bytes) -> str:
    """What a file is that people take for a picture, and what to do; empty if nobody knows."""
    known = (told for begin, at, told in _KNOWN_STRANGERS if content.startswith(begin, at))
    return next(known, "")


def _check_size(image: "Image.Image", what: str, most: int = MOST_PIXELS) -> None:
    if not image.width or not image.height:
        raise PictureError(f"{what}: it has no pixels")
    if image.width * image.height > most:
        raise _too_large(what, image.width * image.height, most)


def _refuse_preview(image: "Image.Image", what: str) -> None:
    """Refuse a camera's raw file, of which Pillow reads the small preview that comes first."""
    kind = getattr(image, "tag_v2", {}).get(_SUBFILE, 0)
    if isinstance(kind, int) and kind & _IS_REDUCED:
        raise PictureError(
            f"{what}: its first picture is a small copy of another, as in a camera's raw file; "
            "save the picture itself as a PNG or JPEG"
        )


def _too_large(what: str, pixels: int | None, most: int = MOST_PIXELS) -> PictureTooLargeError:
    has = "its pixels" if pixels is None else f"its {max(1, round(pixels / 1e6)):,} megapixels"
    return PictureTooLargeError(
        f"{what}: {has} are too many, the limit is {most / 1e6:.0f} megapixels; "
        "make it smaller first"
    )


def _words_of_file(image: "Image.Image") -> list[str]:
    """What Pillow leaves out of a file that it decodes."""
    told = []
    # MPO is a photo with its depth or a smaller copy behind it, no animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        told.append("only the first of its file's pictures is used")
    # Of colours with 16 bits each it reads the upper 8, which is what they are scaled to.
    tiles = getattr(image, "tile", ())
    if image.mode not in levels.DEEP and any(";16" in str(tile[3]) for tile in tiles):
        told.append("its 65,536 levels per channel became 256")
    return told


def plain(image: "Image.Image", profile: bytes | None, told: Sequence[str] = ()) -> Taken:
    """What `taken_in` gives, of an open picture and what was done to it before."""
    image.load()
    told = list(told)
    orientation = orientation_of(image)
    if orientation == 0:
        told.append("its EXIF orientation is broken and was ignored")
    elif orientation > 1:
        told.append("it was rotated upright, as its EXIF says")
    image, alpha = _apart(image)
    if image.mode in levels.DEEP:
        image, words = levels.to_8_bit(image)
        told += words
    if image.mode == "LAB":
        image, profile = profiles.lab_to_srgb(image), None
        told.append("its Lab colours were converted to sRGB")
    if profile is not None:
        image, words = profiles.to_srgb(image, profile) if profile else (image, [profiles.BROKEN])
        told += words
    if image.mode == "CMYK":
        image = image.convert("RGB")
        told.append("its CMYK colours were converted to RGB by a simple formula, without a profile")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image = _joined(image, alpha)
    return Taken(upright(image, orientation), tuple(told))


def _apart(image: "Image.Image") -> "tuple[Image.Image, Image.Image | None]":
    """A picture without alpha, in a mode that profiles and levels know, and its alpha if any."""
    if image.mode in levels.DEEP:
        return image, levels.transparent_level(image)
    if image.has_transparency_data:
        mode = "LA" if image.mode in {"1", "L", "LA", "La"} else "RGBA"
        whole = image.convert(mode)
        return whole.convert(mode[:-1]), whole.getchannel("A")
    if image.mode in {"L", "RGB", "CMYK", "LAB"}:
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _joined(image: "Image.Image", alpha: "Image.Image") -> "Image.Image":
    from PIL import Image

    return Image.merge(f"{image.mode}A", (*image.split(), alpha))
