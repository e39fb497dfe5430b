"""The settings that a picture's own file carries: infotext in a PNG, a JPEG or a WebP.

Source: AUTOMATIC1111 modules/images.py, save_image_with_geninfo and read_info_from_image.
"""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from medialab import infotext
from medialab.errors import PictureError

_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


def read_embedded(content: bytes) -> infotext.Parsed | None:
    """What the infotext in a picture's file says; None where it carries none.

    Raises:
        PictureError: this is no picture that can be read.
    """
    try:
        with Image.open(BytesIO(content)) as image:
            image.load()  # a PNG's text may stand after its pixels
            text = getattr(image, "text", {}).get("parameters")
            comment = image.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"no picture that can be read ({error})") from error
    if not text and isinstance(comment, bytes):
        text = _decoded(comment)
    return infotext.read(str(text)) if text else None


def _decoded(comment: bytes) -> str:
    """An EXIF user comment: piexif writes UTF-16 big endian, others little endian."""
    body = comment[len(_UNICODE) :]
    if comment.startswith(_UNICODE):
        is_little = body[1:2] == b"\0" and body[:1] != b"\0"
        return body.decode("utf-16-le" if is_little else "utf-16-be", errors="replace")
    if comment.startswith(_ASCII):
        return body.decode("ascii", errors="replace")
    return comment.decode("utf-8", errors="replace").strip("\0")
