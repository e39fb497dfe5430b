"""The settings that a picture's own file carries, whichever program wrote them there.

Source: AUTOMATIC1111 modules/images.py, save_image_with_geninfo and read_info_from_image.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medialab.errors import PictureError
from medialab.infotext import text as infotext
from medialab.infotext.embedded import PARAMETERS, is_settings, settings_among
from medialab.infotext.mojibake import decode_utf16
from medialab.pictures.intake import BROKEN, PictureFile, opened
from medialab.pictures.png_chunks import MOST_TEXT

__all__ = ["PARAMETERS", "read_embedded", "text_in"]

_EXIF_IFD = 0x8769
# UserComment, ImageDescription, Windows' comment, and where ComfyUI's nodes write: Make, Model.
_TAGS = (0x9286, 0x010E, 0x9C9C, 0x0110, 0x010F)
_NAMED_GRAPH = re.compile(r"^(?:prompt|workflow):(?=\s*\{)", re.IGNORECASE)
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


def read_embedded(content: bytes) -> infotext.Parsed | None:
    """What the text of settings in a picture's file says; None where it carries none.

    Raises:
        PictureError: this is no picture that can be read.
    """
    text = text_in(content, "this file")
    return infotext.read(text) if text else None


def text_in(source: Path | bytes, what: str, formats: tuple[str, ...] | None = None) -> str | None:
    """The text of settings in a picture's file, whichever program wrote it; None without one.

    `what` names the file in messages.

    Raises:
        PictureError: it is no picture (of these formats), is cut short, or its text has no end.
    """
    with opened(source, what, formats) as file:
        if PARAMETERS in file.too_long:
            raise PictureError(
                f"{what}: its text has over {MOST_TEXT // 2**20} MiB; no settings are read from it"
            )
        if text := settings_among(file.texts):
            file.image.verify()  # finds a file that is cut short, without decoding it
            return text
        file.image.load()
        return next(filter(is_settings, _comments_in(file)), None)


def _comments_in(file: PictureFile) -> Iterator[str]:
    """The texts of EXIF and of a JPEG's comment; those that are broken count as none."""
    try:
        exif = file.image.getexif()
        parts: tuple[Mapping[int, Any], ...] = (exif.get_ifd(_EXIF_IFD), exif)
    except BROKEN:
        parts = ()
    values = [part.get(tag) for tag in _TAGS for part in parts]
    for value in (*values, file.image.info.get("comment")):
        text = _decoded(value) if isinstance(value, bytes) else value
        if isinstance(text, str):
            # ComfyUI's nodes for WebP: "prompt:{…}" and "workflow:{…}" among a camera's names.
            yield _NAMED_GRAPH.sub("", text)


def _decoded(comment: bytes) -> str:
    """An EXIF comment: piexif writes UTF-16 big endian, others little endian, or ASCII."""
    if comment.startswith(_UNICODE):
        return decode_utf16(comment[len(_UNICODE) :])
    return decode_utf16(comment.removeprefix(_ASCII)).strip("\0 ")
