"""A PNG's texts and colour profile, taken out of the file before Pillow sees it.

Pillow refuses a picture whose compressed text has more than 1 MiB, or whose profile has; programs
write their workflows there. Here each is unpacked up to a bound of its own, and one that is broken
or larger costs the picture nothing.

Source: the PNG specification (third edition), 5.3 chunk layout, 11.3.2.3 iCCP, 11.3.3 text chunks.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH, _HEAD, _CHECK = 4, 8, 4  # bytes of a chunk's length, of length and kind, of its CRC
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Characters of one text, bytes of all of them together, and of a profile, unpacked. Graphs of
# ComfyUI have some 100 kB, the largest printers' profiles some MB.
MOST_TEXT, MOST_TEXTS, MOST_PROFILE = 16 * 2**20, 64 * 2**20, 16 * 2**20
# Texts in which others write how a picture is turned; Pillow reads them if it is given them.
_TURNING = (b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp")
_MOST_TURNING = 2**19  # bytes, well below Pillow's own bound


class Parts(NamedTuple):
    """A PNG's texts by keyword, its profile, and the file without them.

    `too_long` are keywords of texts that were left unread for their length. The profile is None
    where there is none, and empty where it is broken.
    """

    texts: dict[str, str]
    too_long: frozenset[str]
    profile: bytes | None
    rest: bytes


class _TooLongError(Exception):
    """What is unpacked has no end in sight."""


def is_png(content: bytes) -> bool:
    """Whether a file begins as a PNG."""
    return content[: len(_SIGNATURE)] == _SIGNATURE


def parted(content: bytes) -> Parts:
    """Take texts and profile out of a PNG's file; what is broken in it stays for Pillow to find."""
    texts: dict[str, str] = {}
    too_long: set[str] = set()
    profile: bytes | None = None
    kept: list[memoryview] = []
    whole, begin, room = memoryview(content), 0, MOST_TEXTS
    for kind, start, end in _chunks(content):
        if kind not in _TEXTS and kind != b"iCCP":
            continue
        body = content[start + _HEAD : end - _CHECK]
        if kind == b"iCCP":
            profile = _profile(body)
        else:
            keyword = body.partition(b"\0")[0]
            name = keyword.decode("latin-1")
            try:
                text = _text(kind, body, min(MOST_TEXT, room))
            except _TooLongError:
                too_long.add(name)
                room -= min(MOST_TEXT, room)
                text = None
            if text is not None:
                texts[name] = text
                room -= min(len(text), room)
                if keyword in _TURNING and len(text) < _MOST_TURNING:
                    continue
        kept.append(whole[begin:start])
        begin = end
    if not begin:
        return Parts(texts, frozenset(too_long), profile, content)
    return Parts(texts, frozenset(too_long), profile, b"".join([*kept, whole[begin:]]))


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each whole chunk's kind, where it begins, and where the next one does."""
    at = len(_SIGNATURE)
    while at + _HEAD + _CHECK <= len(content):
        length = int.from_bytes(content[at : at + _LENGTH], "big")
        end = at + _HEAD + length + _CHECK
        if end > len(content):
            return
        kind = content[at + _LENGTH : at + _HEAD]
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end


def _text(kind: bytes, body: bytes, most: int) -> str | None:
    """A text chunk's text; None where it is broken."""
    _, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        if len(rest) > most:
            raise _TooLongError
        return rest.decode("latin-1")
    if kind == b"zTXt":
        unpacked = _unpacked(rest[1:], most)
        return None if unpacked is None else unpacked.decode("latin-1")
    is_packed, rest = rest[:1] == b"\1", rest[2:]
    _, _, rest = rest.partition(b"\0")  # the language
    _, _, rest = rest.partition(b"\0")  # the keyword in that language
    if not is_packed:
        if len(rest) > most:
            raise _TooLongError
        return rest.decode("utf-8", "replace")
    unpacked = _unpacked(rest, most)
    return None if unpacked is None else unpacked.decode("utf-8", "replace")


def _profile(body: bytes) -> bytes:
    _, _, rest = body.partition(b"\0")
    try:
        return _unpacked(rest[1:], MOST_PROFILE) or b""
    except _TooLongError:
        return b""


def _unpacked(packed: bytes, most: int) -> bytes | None:
    """What zlib makes of it; None where that is nothing."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, most + 1)
    except zlib.error:
        return None
    if len(found) > most:
        raise _TooLongError
    return found
