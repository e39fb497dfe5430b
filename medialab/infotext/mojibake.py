"""Repair of garbled text: UTF-8 read as Latin-1, and UTF-16 read in the wrong byte order.

PNG's tEXt chunks are Latin-1 by the standard, but many programs write UTF-8 into them; EXIF
comments are UTF-16 in either byte order. Both can be detected, and undone without loss.
"""

import re
from collections.abc import Iterator

# Windows-1252 assigns characters to 27 of Latin-1's control codes; five are unassigned.
_SIGNS = {bytes([byte]).decode("cp1252", errors="ignore"): byte for byte in range(0x80, 0xA0)}
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    sign: byte for sign, byte in _SIGNS.items() if sign
}
_RUN = re.compile(f"[{re.escape(''.join(_BYTES))}]+")
# Frequent first bytes of UTF-8, seen as Latin-1: of accented Latin letters (Â, Ã) and of all
# sequences of three and four bytes (à to ô). The other first bytes may also begin a real word.
_SURE = set("ÂÃàáâãäåæçèéêëìíîïðñòóô")
_SEVERAL = 2
_MOST_TIMES = 3


def mend_letters(text: str) -> str:
    """Repair a text whose UTF-8 was read as Latin-1 or Windows-1252.

    The text is returned unchanged unless every run of non-ASCII characters is valid UTF-8. Text
    that was garbled two or three times is repaired as often.
    """
    for _ in range(_MOST_TIMES):
        mended = _mend_once(text)
        if mended == text:
            break
        text = mended
    return text


def _mend_once(text: str) -> str:
    if text.isascii() or any(ord(letter) > 0xFF and letter not in _BYTES for letter in text):
        return text
    runs = [*_RUN.findall(text)]
    if not all(run[0] in _SURE for run in runs) and len(runs) < _SEVERAL:
        return text
    try:
        return _RUN.sub(lambda run: bytes(_BYTES[one] for one in run[0]).decode("utf-8"), text)
    except UnicodeDecodeError:
        return text


def mend_order(text: str) -> str:
    """Repair a text whose UTF-16 was read in the wrong byte order."""
    # ASCII read that way is U+4100, U+2000 …, a mixture that no language uses.
    swapped = sum(1 for letter in text[:400] if ord(letter) and not ord(letter) & 0xFF)
    if not text or swapped * 2 < len(text[:400]):
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-be", "replace")


def decode_utf16(content: bytes) -> str:
    """Decode UTF-16 of unknown byte order.

    A byte order mark decides; without one, the order that gives more ASCII. Content that is valid
    UTF-8 without zero bytes is decoded as UTF-8.
    """
    for mark, order in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark) :].decode(order, "replace")
    if not any(content):
        return ""
    if 0 not in content and (plain := _as_utf8(content)) is not None:
        return plain
    return max(_orders(content), key=_ascii)


def _orders(content: bytes) -> Iterator[str]:
    for order in ("utf-16-be", "utf-16-le"):
        yield content.decode(order, "replace")


def _ascii(text: str) -> int:
    return sum(
        1 for letter in text if letter.isascii() and (letter.isprintable() or letter == "\n")
    )


def _as_utf8(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
