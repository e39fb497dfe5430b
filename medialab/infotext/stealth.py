"""Settings in the lowest bits of a picture's pixels, where NovelAI and A1111's extension hide them.

They survive sites that remove a file's texts. The bits go down each column of pixels, in the alpha
channel or in red, green and blue; they spell a signature, the length in bits, and the text.

Source: NovelAI's published reader of its pictures; sd_webui_stealth_pnginfo.
"""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medialab.infotext.items import LONGEST

_LENGTH = 32  # bits that say how many bits follow
_MOST_BYTES = 4 * LONGEST  # of a text, as UTF-8
_GZIP = 31  # zlib's window size for a gzip header


class _Kind(NamedTuple):
    channels: slice
    is_packed: bool


_KINDS: Mapping[bytes, _Kind] = {
    b"stealth_pnginfo": _Kind(slice(3, 4), is_packed=False),
    b"stealth_pngcomp": _Kind(slice(3, 4), is_packed=True),
    b"stealth_rgbinfo": _Kind(slice(0, 3), is_packed=False),
    b"stealth_rgbcomp": _Kind(slice(0, 3), is_packed=True),
}


def hidden_text(pixels: NDArray[np.uint8]) -> str | None:
    """Return the text hidden in a picture; None if there is none, or it is damaged.

    Args:
        pixels: (height, width, 4) or (height, width, 3).

    Cost: a look at the first 120 bits; with a text, a copy of its bits.
    """
    for signature, kind in _KINDS.items():
        if kind.channels.stop > pixels.shape[2]:
            continue
        channels = pixels[:, :, kind.channels]
        if _read(channels, 0, len(signature) * 8) != signature:
            continue
        start = len(signature) * 8
        length = int.from_bytes(_read(channels, start, _LENGTH), "big")
        if length > min(channels.size, _MOST_BYTES * 8):
            return None
        return _decoded(_read(channels, start + _LENGTH, length), is_packed=kind.is_packed)
    return None


def _read(channels: NDArray[np.uint8], start: int, count: int) -> bytes:
    """Return the bytes in `count` bits from the bit `start` on; fewer at the picture's end."""
    height, _, depth = channels.shape
    column = max(height * depth, 1)
    first, last = start // column, -(-(start + count) // column)
    # Down each column; at each pixel, all its channels.
    bits = channels[:, first:last].transpose(1, 0, 2).reshape(-1) & 1
    return np.packbits(bits[start - first * column :][:count]).tobytes()


def _decoded(content: bytes, *, is_packed: bool) -> str | None:
    if is_packed:
        unpacker = zlib.decompressobj(_GZIP)
        try:
            content = unpacker.decompress(content, _MOST_BYTES)
        except zlib.error:
            return None
    return content.decode("utf-8", "replace") or None
