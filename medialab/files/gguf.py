"""The header of a GGUF file: names, shapes and formats of its tensors, and metadata.

The file begins with "GGUF", a version and two counts; then come metadata, each with a name and a
type, then each tensor's name, sides (the last one first), format and place, then the data.

The library `gguf` reads the same, but believes every count: a file of 100 bytes that announces
10^12 texts keeps it busy for hours, where here it is refused at once. A listing reads any file.

Source: ggml's docs/gguf.md; gguf 0.19, gguf_reader.py and constants.py.
"""

import os
import re
import struct
from io import BufferedReader, FileIO
from math import prod
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.headers import MOST_DIMENSIONS, MOST_METADATA, MOST_NUMBERS, Header
from medialab.files.regular import open_regular

SUFFIX = ".gguf"
LARGEST_HEADER = 2**26  # bytes; that of a language model, with its vocabulary, has 10 MB
LONGEST_TEXT = 2**16  # bytes of a metadata's text that is kept
LONGEST_NAME = 2**10  # bytes; ggml's tensors have at most 64
# Limits for what is read one by one, which takes seconds a million: the largest models have some
# thousands of tensors, the largest vocabularies half a million texts with their merges.
MOST_TENSORS = 100_000
MOST_TEXTS = 2**20
_VERSIONS = (2, 3)
# Formats of tensors by their number: name, numbers in a block, bytes of a block.
FORMATS = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
# What a whole file's quantisation is called, by the number in `general.file_type`, where that says
# more than the tensors' formats.
MIXTURES = {
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    21: "Q2_K_S",
    22: "IQ3_XS",
    27: "IQ3_M",
    29: "IQ2_M",
}
# The formats of weights that networks here compute with. Source: diffusers 0.42,
# quantizers/gguf/utils.py, `dequantize_functions`, and the plain ones.
OPENED = frozenset(
    {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL", "IQ4_XS"}
    | {f"Q{bits}_K" for bits in (2, 3, 4, 5, 6)}
)
FILE_TYPE, ARCHITECTURE = "general.file_type", "general.architecture"
# Metadata's types by their number -> struct's letter.
_SCALARS = dict(enumerate("BbHhIif?"))
_SCALARS |= {10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_CONTROL = re.compile(r"[\x00-\x1f]")


def read_gguf_header(path: Path) -> Header:
    """Read the header of a GGUF file, and nothing of the tensors' data.

    Shapes are in torch's order. Of the metadata, texts and single numbers are kept, as text.

    Raises:
        ModelRefusedError: the file is cut short, damaged or of another format; the message says
            which.
    """
    try:
        with open_regular(path) as raw, BufferedReader(raw) as file:
            return _Reading(path, file).header()
    except OSError as error:
        raise _refused(path, f"not readable: {error.strerror}") from error


class _Reading:
    """One reading of a file, which never goes beyond the file's end or LARGEST_HEADER."""

    def __init__(self, path: Path, file: "BufferedReader[FileIO]") -> None:
        self._path, self._file = path, file
        self._size = os.fstat(file.fileno()).st_size
        self._left = min(self._size, LARGEST_HEADER)  # bytes
        self._texts = 0  # in lists

    def header(self) -> Header:
        if self._bytes(4) != b"GGUF":
            raise _refused(
                self._path,
                "not a GGUF file (a web page or another format saved under this name?)",
            )
        version = self._number("I")
        if version not in _VERSIONS:
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in _VERSIONS
            words = "for processors of the other byte order" if swapped else f"version {version}"
            raise _refused(
                self._path,
                f"a GGUF {words}, which is not read; known are 2 and 3",
            )
        tensors, entries = self._count(24), self._count(13)
        if tensors > MOST_TENSORS or entries > MOST_METADATA:
            raise self._broken(f"it announces {tensors:,} tensors and {entries:,} metadata")
        metadata = dict(self._entry() for _ in range(entries))
        shapes: dict[str, tuple[int, ...]] = {}
        formats: dict[str, str] = {}
        ends = [0]
        for _ in range(tensors):
            name, shape, format_, end = self._tensor()
            if name in shapes:
                raise self._broken(f"{name!r} is in its header twice")
            shapes[name], formats[name] = shape, format_
            ends.append(end)
        self._check_whole(max(ends), metadata.get("general.alignment", 32))
        texts = {name: str(value) for name, value in metadata.items() if value is not None}
        return Header(shapes, texts, formats)

    def _tensor(self) -> tuple[str, tuple[int, ...], str, int]:
        """Return a tensor's name, shape and format, and where its data end."""
        name = self._text(LONGEST_NAME)
        if name is None or not name or _CONTROL.search(name):
            raise self._broken("the name of a tensor is not text")
        count = self._number("I")
        if count > MOST_DIMENSIONS:
            raise self._broken(f"tensor {name!r} has {count} dimensions")
        shape = tuple(self._number("Q") for _ in range(count))[::-1]
        number, begin = self._number("I"), self._number("Q")
        if number not in FORMATS:
            raise self._broken(f"tensor {name!r} has the unknown format {number}")
        format_, block, size = FORMATS[number]
        if prod(side for side in shape if side) > MOST_NUMBERS:
            raise self._broken(f"tensor {name!r} has an impossible shape")
        if shape and shape[-1] % block:
            raise self._broken(f"tensor {name!r} has rows that are no whole blocks of {format_}")
        return name, shape, format_, begin + prod(shape) // block * size

    def _entry(self) -> tuple[str, Any]:
        """Return a metadata's name and value; None for a list and a long text."""
        name = self._text(LONGEST_NAME)
        if name is None:
            raise self._broken("the name of a metadata is not text")
        return name, self._value(self._number("I"))

    def _value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _TEXT:
            return self._text(LONGEST_TEXT)
        if kind != _ARRAY:
            raise self._broken(f"its metadata have the unknown type {kind}")
        inner = self._number("I")
        if inner in _SCALARS:
            size = struct.calcsize(_SCALARS[inner])
            self._skip(self._count(size) * size)
        elif inner == _TEXT:
            count = self._count(8)
            self._texts += count
            if self._texts > MOST_TEXTS:
                raise self._broken(f"its metadata have over {MOST_TEXTS:,} texts")
            for _ in range(count):
                self._skip(self._number("Q"))
        else:
            raise self._broken(f"its metadata have a list of the unknown type {inner}")
        return None

    def _check_whole(self, end: int, alignment: Any) -> None:
        """Refuse a file that ends before its last tensor does."""
        if not isinstance(alignment, int) or not 0 < alignment <= LARGEST_HEADER:
            raise self._broken(f"its alignment is {alignment}")
        begin = -(-self._file.tell() // alignment) * alignment
        if begin + end > self._size and end:
            missing = begin + end - self._size
            raise _refused(self._path, f"cut short: {missing} bytes of its tensors are missing")

    def _text(self, most: int) -> str | None:
        """Return a text of at most `most` bytes; None if it is longer or not UTF-8."""
        length = self._number("Q")
        if length > most:
            self._skip(length)
            return None
        try:
            return self._bytes(length).decode("utf-8")
        except UnicodeDecodeError:
            return None

    def _count(self, least: int) -> int:
        """Return a count of things of at least so many bytes, which the file has room for."""
        count: int = self._number("Q")
        if count * least > self._left:
            raise self._cut_short()
        return count

    def _number(self, letter: str) -> Any:
        (number,) = struct.unpack(f"<{letter}", self._bytes(struct.calcsize(letter)))
        return number

    def _bytes(self, count: int) -> bytes:
        if count > self._left or len(found := self._file.read(count)) < count:
            raise self._cut_short()
        self._left -= count
        return found

    def _skip(self, count: int) -> None:
        if count > self._left:
            raise self._cut_short()
        self._left -= count
        self._file.seek(count, os.SEEK_CUR)

    def _cut_short(self) -> ModelRefusedError:
        if self._size > LARGEST_HEADER:
            return _refused(self._path, f"broken: its header has over {LARGEST_HEADER} bytes")
        return _refused(self._path, "cut short: it ends within its header")

    def _broken(self, reason: str) -> ModelRefusedError:
        return _refused(self._path, f"broken: {reason}")


def quantisation(header: Header) -> str:
    """Return the quantisation of a GGUF file by its usual name, such as "Q4_K_M".

    It is the one that the file names, else the format of most of its weights.
    """
    number = header.metadata.get(FILE_TYPE, "")
    if number.isdecimal() and int(number) in MIXTURES:
        return MIXTURES[int(number)]
    amounts: dict[str, int] = {}
    for name, format_ in header.dtypes.items():
        amounts[format_] = amounts.get(format_, 0) + prod(header.shapes[name])
    return max(amounts, key=lambda name: amounts[name], default="")


def _refused(path: Path, reason: str) -> ModelRefusedError:
    return ModelRefusedError(f"{path.name} is {reason}; download or save it again")
