"""The settings that a picture's own file carries: infotext in a PNG, a JPEG or a WebP.

Source: AUTOMATIC1111 modules/images.py, save_image_with_geninfo and read_info_from_image.
"""

from pathlib import Path

from medialab import infotext
from medialab.errors import PictureError
from medialab.intake import BROKEN, PictureFile, opened
from medialab.pngchunks import MOST_TEXT

PARAMETERS = "parameters"
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


def read_embedded(content: bytes) -> infotext.Parsed | None:
    """What the infotext in a picture's file says; None where it carries none.

    Raises:
        PictureError: this is no picture that can be read.
    """
    text = text_in(content, "this file")
    return infotext.read(text) if text else None


def text_in(source: Path | bytes, what: str, formats: tuple[str, ...] | None = None) -> str | None:
    """The infotext in a picture's file; None where it carries none. `what` names it in messages.

    Raises:
        PictureError: it is no picture (of these formats), is cut short, or its text has no end.
    """
    with opened(source, what, formats) as file:
        if PARAMETERS in file.too_long:
            raise PictureError(
                f"{what}: its text has over {MOST_TEXT // 2**20} MiB; no settings are read from it"
            )
        text = file.texts.get(PARAMETERS)
        if text:
            file.image.verify()  # finds a file that is cut short, without decoding it
            return text
        file.image.load()
        return _comment_in(file)


def _comment_in(file: PictureFile) -> str | None:
    """EXIF's user comment; one that is broken counts as none."""
    try:
        comment = file.image.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    except BROKEN:
        return None
    if isinstance(comment, bytes):
        return _decoded(comment) or None
    return comment if isinstance(comment, str) and comment else None


def _decoded(comment: bytes) -> str:
    """An EXIF user comment: piexif writes UTF-16 big endian, others little endian, or ASCII."""
    body = comment[len(_UNICODE) :]
    if comment.startswith(_UNICODE):
        # Infotext begins with, and mostly is, ASCII: its zeros tell the order of bytes.
        is_little = body[1:2] == b"\0" and body[:1] != b"\0"
        return body.decode("utf-16-le" if is_little else "utf-16-be", errors="replace")
    return comment.removeprefix(_ASCII).decode("utf-8", errors="replace").strip("\0 ")
