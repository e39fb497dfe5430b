"""EXIF's UserComment: a text behind a word of eight bytes that says how it is encoded.

Source: EXIF 2.32, tag 37510; piexif's `helper.UserComment`, with which A1111 writes it.
"""

from medialab.infotext.mojibake import decode_utf16

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


def encode_comment(text: str) -> bytes:
    """Return a text as a UserComment: UTF-16, big endian, as piexif writes it."""
    return _UNICODE + text.encode("utf-16-be", "surrogatepass")


def decode_comment(comment: bytes) -> str:
    """Return the text of a UserComment, whichever program wrote it.

    piexif writes UTF-16 big endian, others little endian, or ASCII.
    """
    if comment.startswith(_UNICODE):
        return decode_utf16(comment[len(_UNICODE) :])
    return decode_utf16(comment.removeprefix(_ASCII)).strip("\0 ")
