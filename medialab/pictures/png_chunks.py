"""A PNG's texts and colour profile, removed from the file before Pillow opens it.

Pillow rejects a picture whose compressed text or profile exceeds 1 MiB, and programs write their
workflows there. Here each is decompressed up to a limit of its own, and one that is damaged or
larger does not make the picture unreadable.

Source: the PNG specification (third edition), 5.3 chunk layout, 11.3.2.3 iCCP, 11.3.3 text chunks.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH, _HEAD, _CHECK = 4, 8, 4  # bytes of a chunk's length, of length and kind, of its CRC
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Limits after decompression: characters of one text, of all texts together, bytes of a profile.
# ComfyUI's graphs have some 100 kB, the largest printer profiles some MB.
MOST_TEXT, MOST_TEXTS, MOST_PROFILE = 16 * 2**20, 64 * 2**20, 16 * 2**20
# Texts that may hold the picture's orientation; they stay in the file for Pillow to read.
_ORIENTATION_TEXTS = (b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp")
_MOST_ORIENTATION = 2**19  # characters, well below Pillow's own limit


class Parts(NamedTuple):
    """A PNG's texts and profile, and the file without them.

    Attributes:
        texts: The texts by keyword.
        too_long: Keywords of texts that were not read because they are too long.
        damaged: Keywords of texts that could not be decompressed.
        profile: The colour profile; None if there is none, empty if it is damaged.
        rest: The file without texts and profile; texts with an orientation stay.
    """

    texts: dict[str, str]
    too_long: frozenset[str]
    damaged: frozenset[str]
    profile: bytes | None
    rest: bytes


class _TooLongError(Exception):
    """The decompressed data exceeds its limit."""


def is_png(content: bytes) -> bool:
    """Return whether a file starts with a PNG's signature."""
    return content[: len(_SIGNATURE)] == _SIGNATURE


def split(content: bytes) -> Parts:
    """Take texts and profile out of a PNG's file; other damage remains for Pillow to report."""
    texts: dict[str, str] = {}
    too_long, damaged = set[str](), set[str]()
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
                damaged |= {name} if text is None else set()
            except _TooLongError:
                too_long.add(name)
                room -= min(MOST_TEXT, room)
                text = None
            if text is not None:
                texts[name] = text
                room -= min(len(text), room)
                if keyword in _ORIENTATION_TEXTS and len(text) < _MOST_ORIENTATION:
                    continue
        kept.append(whole[begin:start])
        begin = end
    if not begin:
        return Parts(texts, frozenset(too_long), frozenset(damaged), profile, content)
    return Parts(
        texts, frozenset(too_long), frozenset(damaged), profile, b"".join([*kept, whole[begin:]])
    )


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield each complete chunk: its type, its start and its end in the file."""
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
    """Return a text chunk's text, of at most `most` characters; None if it is damaged."""
    _, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        if len(rest) > most:
            raise _TooLongError
        return rest.decode("latin-1")
    if kind == b"zTXt":
        unpacked = _decompress(rest[1:], most)
        return None if unpacked is None else unpacked.decode("latin-1")
    is_packed, rest = rest[:1] == b"\1", rest[2:]
    _, _, rest = rest.partition(b"\0")  # the language
    _, _, rest = rest.partition(b"\0")  # the keyword in that language
    if not is_packed:
        if len(rest) > most:
            raise _TooLongError
        return rest.decode("utf-8", "replace")
    unpacked = _decompress(rest, most)
    return None if unpacked is None else unpacked.decode("utf-8", "replace")


def _profile(body: bytes) -> bytes:
    _, _, rest = body.partition(b"\0")
    try:
        return _decompress(rest[1:], MOST_PROFILE) or b""
    except _TooLongError:
        return b""


def _decompress(packed: bytes, most: int) -> bytes | None:
    """Decompress zlib data; None if it is damaged or cut off.

    Raises:
        _TooLongError: the result has more than `most` bytes.
    """
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, most + 1)
    except zlib.error:
        return None
    if len(found) > most:
        raise _TooLongError
    return found if unpacker.eof else None
