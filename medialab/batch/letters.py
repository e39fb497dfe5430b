"""Fonts for the labels of contact sheets: the first that has all letters of a label writes it."""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from PIL import ImageFont

# Looked for in the system's folders, in this order, after Pillow's own font, which has Latin
# letters without accents. Usual on Linux, Windows and macOS; the later ones are for East Asia.
_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "segoeui.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
    "Arial.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
)
_TRIED = 16  # pixels; any size has the same letters
_LACKING = "\uffff"  # no font has a letter for it
MISSING = "?"  # in place of a letter that no font has


def written(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return a text as it can be written, and the font to write it with.

    Args:
        text: The text.
        size: Of the letters, in pixels.
    """
    plain = "".join(one for one in text if unicodedata.category(one) not in {"Cf", "Cc", "Cs"})
    fonts = _fonts(size)
    best = max(fonts, key=lambda font: sum(has(font, letter) for letter in plain))
    return "".join(letter if has(best, letter) else MISSING for letter in plain), best


def can_write(text: str) -> bool:
    """Return whether at least half of a text can be written here."""
    plain, _ = written(text, _TRIED)
    return 2 * plain.count(MISSING) <= len(plain) or MISSING in text


@cache
def has(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    """Return whether a font has a letter."""
    found, lacking = font.getmask(letter), font.getmask(_LACKING)
    return letter.isspace() or (found.size, bytes(found)) != (lacking.size, bytes(lacking))


@cache
def _fonts(size: int) -> Sequence[ImageFont.FreeTypeFont]:
    own = ImageFont.load_default(size)
    assert isinstance(own, ImageFont.FreeTypeFont)  # noqa: S101 - Pillow is built with FreeType
    found = [own]
    for name in _FILES:
        with suppress(OSError):
            found.append(ImageFont.truetype(name, size))
    return found
