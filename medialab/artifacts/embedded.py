"""Reading the settings embedded in a picture's file, whichever program wrote them.

Source: AUTOMATIC1111 modules/images.py, save_image_with_geninfo and read_info_from_image.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import PictureError
from medialab.infotext import text as infotext
from medialab.infotext.embedded import PARAMETERS, is_settings, settings_among
from medialab.infotext.items import LONGEST
from medialab.infotext.user_comment import EXIF_IFD, USER_COMMENT, decode_comment
from medialab.pictures.intake import BROKEN, PictureFile, open_picture
from medialab.pictures.png_chunks import MOST_TEXT

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PARAMETERS", "read_embedded", "text_in"]

# EXIF's UserComment, ImageDescription, Windows' XPComment, and Make and Model, where nodes of
# ComfyUI write.
_TAGS = (USER_COMMENT, 0x010E, 0x9C9C, 0x0110, 0x010F)
# Of an XMP packet, the elements or attributes that hold texts.
_IN_XMP = ("exif:UserComment", "dc:description")
_MARKUP = re.compile(r"<[^<>]{0,300}>")
_NAMED_GRAPH = re.compile(r"^(?:prompt|workflow):(?=\s*\{)", re.IGNORECASE)


def read_embedded(content: bytes, file_name: str = "") -> infotext.Parsed | None:
    """Parse the settings embedded in a picture's file; None if it has none.

    Args:
        content: The file's content.
        file_name: The file's name; empty if unknown.

    Raises:
        PictureError: the content is not a readable picture.
    """
    text = text_in(content, "this file")
    return infotext.read(text, file_name) if text else None


def text_in(source: Path | bytes, what: str, formats: tuple[str, ...] | None = None) -> str | None:
    """Return the text with the settings in a picture's file; None if it has none.

    Args:
        source: The file's path or content.
        what: The file's name in messages.
        formats: Pillow's names of the accepted formats; None for all.

    Raises:
        PictureError: it is not a picture of these formats, is truncated, or the text is too long.
    """
    with open_picture(source, what, formats) as file:
        if PARAMETERS in file.too_long:
            raise PictureError(
                f"{what}: its text is over {MOST_TEXT // 2**20} MiB, too long to be settings"
            )
        if text := settings_among(file.texts):
            file.image.verify()  # detects a truncated file without decoding it
            return text
        file.image.load()
        if text := next(filter(is_settings, _comments_in(file)), None):
            return text
        return _hidden_in(file.image)


def damage_in(source: Path | bytes) -> str:
    """Return which texts of a picture's file are damaged, for a sentence; empty if none is.

    Raises:
        PictureError: it is not a readable picture.
    """
    with open_picture(source, "this file") as file:
        names = ", ".join(repr(name) for name in sorted(file.damaged))
    return f"; its text {names} is damaged, and cannot be read" if names else ""


def _hidden_in(image: "Image.Image") -> str | None:
    """Return the settings hidden in the pixels; None without any, or in a picture of other modes.

    A file that loses bits (JPEG, and mostly WebP) has none.
    """
    import numpy as np

    from medialab.infotext.stealth import hidden_text

    if image.mode not in {"RGB", "RGBA"} or image.format not in {"PNG", "WEBP"}:
        return None
    text = hidden_text(np.asarray(image))
    return text if text and is_settings(text) else None


def _texts_of_xmp(file: PictureFile) -> list[str]:
    """Return the comment and the description in an XMP packet, which is not parsed as a whole."""
    packet = file.image.info.get("xmp") or file.image.info.get("XML:com.adobe.xmp") or ""
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
    found = []
    for name in _IN_XMP:
        _, begun, rest = text.partition(f"<{name}")
        element, _, _ = rest.partition(f"</{name}>")
        attribute = text.partition(f'{name}="')[2].partition('"')[0]
        written = element.partition(">")[2] if begun else attribute
        found.append(unescape(_MARKUP.sub("", written[:LONGEST])).strip())
    return [one for one in found if one]


def _comments_in(file: PictureFile) -> Iterator[str]:
    """Yield the texts in EXIF and in a JPEG's comment; malformed EXIF is skipped."""
    try:
        exif = file.image.getexif()
        parts: tuple[Mapping[int, Any], ...] = (exif.get_ifd(EXIF_IFD), exif)
    except BROKEN:
        parts = ()
    values = [part.get(tag) for tag in _TAGS for part in parts]
    values += _texts_of_xmp(file)
    for value in (*values, file.image.info.get("comment")):
        text = decode_comment(value) if isinstance(value, bytes) else value
        if isinstance(text, str):
            # ComfyUI's nodes for WebP write "prompt:{…}" and "workflow:{…}" as a camera's make.
            yield _NAMED_GRAPH.sub("", text)
