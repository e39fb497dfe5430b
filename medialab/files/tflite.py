"""Reads the header of a .tflite file, and checks that all of it is there, without running it.

The file is a flatbuffer marked "TFL3": tables that point at each other by offsets. Those of the
first graph's tensors and of the weights are followed; a file that was cut short, or whose offsets
lead out of it, is refused.

Source: the TensorFlow Lite schema (schema.fbs); the page on FlatBuffers' binary format.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.regular import open_regular

MARK, MARK_AT = b"TFL3", slice(4, 8)
# Limits above any real file's, against files made to keep a reader busy.
MOST_PARTS = 100_000  # tensors, or pieces of weights
MOST_SIDES = 8  # of a tensor
# Numbers of the fields that are read, by table.
_GRAPHS, _WEIGHTS = 2, 4  # of the model
_TENSORS, _INPUTS, _OUTPUTS = 0, 1, 2  # of a graph
_SHAPE = 0  # of a tensor
_DATA = 0  # of weights

Shape = tuple[int, ...]


class TfliteHeader(NamedTuple):
    """The shapes of what a network takes, and of what it gives."""

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]


def read_tflite(path: Path) -> TfliteHeader:
    """Read the header of a .tflite file, and check that its weights are there.

    Raises:
        ModelRefusedError: it is no such file, is cut short, or broken.
    """
    try:
        with (
            open_regular(path) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return parse_tflite(path.name, content)
    except (OSError, ValueError) as error:
        message = f"{path.name} is not readable: {error}; download it again"
        raise ModelRefusedError(message) from error


def parse_tflite(name: str, content: "bytes | mmap.mmap") -> TfliteHeader:
    """Read the header of a file's content like `read_tflite`.

    Raises:
        ModelRefusedError: as `read_tflite`.
    """
    if content[MARK_AT] != MARK:
        message = f"{name} is not a .tflite model; download it again"
        raise ModelRefusedError(message)
    try:
        return _Reader(content).header()
    except _BrokenError as error:
        message = f"{name} is broken or cut short ({error}); download it again"
        raise ModelRefusedError(message) from error


class _BrokenError(Exception):
    """The file's offsets do not fit the file; the message says what is wrong."""


class _Reader:
    """Follows the offsets of a flatbuffer; each is checked before it is used."""

    def __init__(self, content: "bytes | mmap.mmap") -> None:
        self._content = content

    def header(self) -> TfliteHeader:
        model = self._number("<I", 0)
        for piece in self._tables(model, _WEIGHTS):
            if data := self._field(piece, _DATA):
                self._vector(data, size=1, most=len(self._content))
        graph = next(self._tables(model, _GRAPHS), None)
        if graph is None:
            message = "it holds no graph"
            raise _BrokenError(message)
        shapes = [self._shape(tensor) for tensor in self._tables(graph, _TENSORS)]
        return TfliteHeader(
            *(
                tuple(self._tensor(shapes, at) for at in self._numbers(graph, field, MOST_PARTS))
                for field in (_INPUTS, _OUTPUTS)
            )
        )

    def _tensor(self, shapes: list[Shape], number: int) -> Shape:
        if not 0 <= number < len(shapes):
            message = f"it names tensor {number} of {len(shapes)}"
            raise _BrokenError(message)
        return shapes[number]

    def _shape(self, tensor: int) -> Shape:
        return tuple(self._numbers(tensor, _SHAPE, MOST_SIDES))

    def _numbers(self, table: int, field: int, most: int) -> list[int]:
        """Return the whole numbers in a field; none where it is left out."""
        at = self._field(table, field)
        if not at:
            return []
        begin, count = self._vector(at, size=4, most=most)
        return [self._number("<i", begin + 4 * place) for place in range(count)]

    def _tables(self, table: int, field: int) -> Iterator[int]:
        """Yield where the tables in a field begin."""
        at = self._field(table, field)
        if at:
            begin, count = self._vector(at, size=4, most=MOST_PARTS)
            for place in range(begin, begin + 4 * count, 4):
                yield place + self._number("<I", place)

    def _vector(self, at: int, *, size: int, most: int) -> tuple[int, int]:
        """Return where the elements of a field begin, and how many there are."""
        begin = at + self._number("<I", at)
        count = self._number("<I", begin)
        if count > most or begin + 4 + count * size > len(self._content):
            message = f"a part of {count:,} elements does not fit in"
            raise _BrokenError(message)
        return begin + 4, count

    def _field(self, table: int, number: int) -> int:
        """Return where a field of a table lies; 0 where the table leaves it out."""
        fields = table - self._number("<i", table)
        if 4 + 2 * number + 2 > self._number("<H", fields):
            return 0
        offset = self._number("<H", fields + 4 + 2 * number)
        return table + offset if offset else 0

    def _number(self, form: str, at: int) -> int:
        if not 0 <= at <= len(self._content) - struct.calcsize(form):
            message = f"an offset leads to byte {at:,} of {len(self._content):,}"
            raise _BrokenError(message)
        return int(struct.unpack_from(form, self._content, at)[0])
