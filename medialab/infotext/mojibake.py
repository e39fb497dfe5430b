"""Text that lost its letters on the way: UTF-8 read as Latin-1, UTF-16 read in the wrong order.

PNG's tEXt chunks are Latin-1 by their standard, and many programs write UTF-8 into them; EXIF's
comments are UTF-16 in either order of bytes. Both can be told, and undone without loss.
"""

import re
from collections.abc import Iterator

# Windows-1252 gives 27 of Latin-1's control bytes a letter or sign; five stay as they are.
_SIGNS = {bytes([byte]).decode("cp1252", errors="ignore"): byte for byte in range(0x80, 0xA0)}
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    sign: byte for sign, byte in _SIGNS.items() if sign
}
_RUN = re.compile(f"[{re.escape(''.join(_BYTES))}]+")
# What UTF-8's first bytes look like when one letter or sign follows them often: Latin letters with
# accents (Â, Ã) and all of three and four bytes (à to ô). The others begin a word now and then.
_SURE = set("ÂÃàáâãäåæçèéêëìíîïðñòóô")
_SEVERAL = 2
_MOST_TIMES = 3


def mend_letters(text: str) -> str:
    """Return a text with UTF-8 that was read as Latin-1 or Windows-1252 as what it was.

    Every run of letters beyond ASCII has to be UTF-8 then; else the text is returned as it is. What
    was read so twice or three times is mended as often.
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
    """Return a text whose UTF-16 was read in the wrong order of bytes in the right one."""
    # ASCII read so is U+4100, U+2000 …: letters of no language side by side.
    swapped = sum(1 for letter in text[:400] if ord(letter) and not ord(letter) & 0xFF)
    if not text or swapped * 2 < len(text[:400]):
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-be", "replace")


def decode_utf16(content: bytes) -> str:
    """Return UTF-16 of unknown order as text: the order with more of ASCII in it.

    A mark at the beginning decides. What is no UTF-16 at all is read as UTF-8.
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
