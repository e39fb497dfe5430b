"""Pictures as the bytes of files."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RAMP = np.linspace(0, 65_535, 64 * 64).reshape(64, 64)


def file_of(image, kind="PNG", **how):
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def noise(mode="RGB", size=(48, 32)):
    return Image.effect_noise(size, 90).convert(mode)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks, depth=8, colour=2, pixels=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(pixels)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def profile(kind=b"RGB ", gamma=2.2, name=b"wide"):
    """A colour profile by hand: Display P3's primaries, or a grey of that gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    told = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" * 79
    place = b"XYZ \0\0\0\0"
    tags = {b"desc": told + b"\0" * (-len(told) % 4), b"wtpt": place + fixed(0.9642, 1, 0.8249)}
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    if kind == b"RGB ":
        primaries = {
            b"r": (0.51512, 0.2412, -0.00105),
            b"g": (0.29198, 0.69225, 0.04189),
            b"b": (0.1571, 0.06657, 0.78407),
        }
        for one, at in primaries.items():
            tags[one + b"XYZ"], tags[one + b"TRC"] = place + fixed(*at), curve
    else:
        tags[b"kTRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        begin = 132 + 12 * len(tags) + len(body)
        table, body = table + tag + struct.pack(">II", begin, len(content)), body + content
    head = struct.pack(">I", 128 + len(table) + len(body)) + b"\0\0\0\0\x02\x10\0\0mntr" + kind
    head += b"XYZ \x07\xe6\0\1\0\1\0\0\0\0\0\0acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249)
    return head + b"\0" * 48 + table + body
