"""Reading the settings embedded in a picture's file, whichever program wrote them.

Source: AUTOMATIC1111 modules/images.py, save_image_with_geninfo and read_info_from_image.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medialab.errors import PictureError
from medialab.infotext import text as infotext
from medialab.infotext.embedded import PARAMETERS, is_settings, settings_among
from medialab.infotext.user_comment import EXIF_IFD, USER_COMMENT, decode_comment
from medialab.pictures.intake import BROKEN, PictureFile, open_picture
from medialab.pictures.png_chunks import MOST_TEXT

__all__ = ["PARAMETERS", "read_embedded", "text_in"]

# EXIF's UserComment, ImageDescription, Windows' XPComment, and Make and Model, where nodes of
# ComfyUI write.
_TAGS = (USER_COMMENT, 0x010E, 0x9C9C, 0x0110, 0x010F)
_NAMED_GRAPH = re.compile(r"^(?:prompt|workflow):(?=\s*\{)", re.IGNORECASE)


def read_embedded(content: bytes) -> infotext.Parsed | None:
    """Parse the settings embedded in a picture's file; None if it has none.

    Raises:
        PictureError: the content is not a readable picture.
    """
    text = text_in(content, "this file")
    return infotext.read(text) if text else None


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
        return next(filter(is_settings, _comments_in(file)), None)


def _comments_in(file: PictureFile) -> Iterator[str]:
    """Yield the texts in EXIF and in a JPEG's comment; malformed EXIF is skipped."""
    try:
        exif = file.image.getexif()
        parts: tuple[Mapping[int, Any], ...] = (exif.get_ifd(EXIF_IFD), exif)
    except BROKEN:
        parts = ()
    values = [part.get(tag) for tag in _TAGS for part in parts]
    for value in (*values, file.image.info.get("comment")):
        text = decode_comment(value) if isinstance(value, bytes) else value
        if isinstance(text, str):
            # ComfyUI's nodes for WebP write "prompt:{…}" and "workflow:{…}" as a camera's make.
            yield _NAMED_GRAPH.sub("", text)
