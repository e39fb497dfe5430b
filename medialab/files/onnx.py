"""Reads the metadata of an ONNX file, and checks it, without running it or loading its weights.

ONNX is a protobuf message: fields with a number, a type and a content, some of which are messages.
Only the few relevant ones are read; weights are skipped by their length.

Source: onnx/onnx.proto3 of the ONNX project; the encoding section of the protobuf documentation.
"""

import ast
import mmap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.files.regular import open_regular

# Limits above any real detector, against files made to keep a reader busy.
MOST_FIELDS = 2_000_000
MOST_DEPTH = 12
MOST_NODES = 1_000_000
LONGEST_TEXT = 1_000_000  # bytes of one metadata entry

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
# Numbers of the fields that are read, by message: the model, its graphs, nodes and tensors.
_MODEL = {7: "graph", 14: "metadata", 20: "training", 25: "function"}
_INSIDE = {
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 11: "attribute"},
    "training": {1: "graph", 2: "graph"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a tensor
_OP_TYPE, _NODE_DOMAIN = 4, 7  # of a node
_FUNCTION_NAME, _FUNCTION_DOMAIN = 1, 10
# Operators of ONNX itself and its runtime; others would need code from elsewhere.
_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
# Operators that repeat a part of the graph as often as computed values say. Exporters of detectors
# do not write them.
_LOOPS = frozenset({"Loop", "Scan"})
_LONGEST_NAME = 1_000  # bytes
Operator = tuple[str, str]  # domain and name
# The fields that name an operator, by message: its domain, then its name.
_NAMED_BY: Mapping[str, tuple[int, int]] = {
    "node": (_NODE_DOMAIN, _OP_TYPE),
    "function": (_FUNCTION_DOMAIN, _FUNCTION_NAME),
}


@dataclass(frozen=True)
class OnnxHeader:
    """The metadata that an exporter has written, by key."""

    metadata: Mapping[str, str]

    @property
    def labels(self) -> dict[int, str]:
        """The names of its classes, in the format of Ultralytics' exporter; empty without them."""
        try:
            names = ast.literal_eval(self.metadata.get("names", "{}"))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return {}
        if isinstance(names, (list, tuple)):
            names = dict(enumerate(names))
        if not isinstance(names, dict):
            return {}
        return {
            key: name[:_LONGEST_NAME]
            for key, name in names.items()
            if type(key) is int and isinstance(name, str)
        }


def read_onnx(path: Path) -> OnnxHeader:
    """Read the metadata of an ONNX file, and check the model.

    Raises:
        ModelRefusedError: it is not an ONNX file, is damaged, stores weights in other files, or
            uses operators that are not supported.
    """
    try:
        with (
            open_regular(path) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return _Reader(path.name, content).header()
    except (OSError, ValueError) as error:
        raise _refused(path.name, f"not readable: {error}") from error


def check_onnx(name: str, content: bytes) -> OnnxHeader:
    """Check a model like `read_onnx`, given its content, so that the content checked is what runs.

    Raises:
        ModelRefusedError: as `read_onnx`.
    """
    return _Reader(name, content).header()


class _Reader:
    """Reads a message in one pass, counting its fields."""

    def __init__(self, name: str, content: "bytes | mmap.mmap") -> None:
        self._name = name
        self._content = content
        self._count = 0
        # How often the part being read, and each of the file's own functions, calls each operator.
        self._calls: Counter[Operator] = Counter()
        self._own: dict[Operator, Counter[Operator]] = {}
        self._sizes: dict[Operator, int] = {}

    def header(self) -> OnnxHeader:
        metadata: dict[str, str] = {}
        graphs = 0
        for number, begin, end in self._fields(0, len(self._content)):
            kind = _MODEL.get(number)
            if kind == "metadata":
                metadata.update([self._entry(begin, end)])
            elif kind is not None:
                graphs += kind == "graph"
                self._check(kind, begin, end, 0)
        if graphs != 1:
            raise _refused(self._name, "not an ONNX model: it holds no graph")
        self._check_operators()
        return OnnxHeader(metadata)

    def _check_operators(self) -> None:
        """Refuse operators that would need code from elsewhere, or could run forever."""
        used = set(self._calls).union(*self._own.values())
        for domain, name in sorted(used):
            if name in _LOOPS and domain in _DOMAINS:
                message = (
                    f"{self._name} holds the operator {name}, which may run forever; export the "
                    "detector without it"
                )
                raise ModelRefusedError(message)
            if domain not in _DOMAINS and (domain, name) not in self._own:
                message = (
                    f"{self._name} needs the operator {name!r} of {domain!r}, which ONNX does not "
                    "know; export the detector without custom operators"
                )
                raise ModelRefusedError(message)

        if self._nodes(self._calls, 0) > MOST_NODES:
            raise _refused(self._name, f"broken: its functions come to over {MOST_NODES:,} nodes")

    def _nodes(self, calls: "Counter[Operator]", depth: int) -> int:
        """Return the number of nodes that these calls run, with functions expanded."""
        if depth > MOST_DEPTH:
            raise _refused(self._name, "broken: its functions call each other without end")
        for name in calls.keys() & self._own.keys() - self._sizes.keys():
            self._sizes[name] = self._nodes(self._own[name], depth + 1)
        return sum(times * self._sizes.get(name, 1) for name, times in calls.items())

    def _text(self, start: int, stop: int) -> str:
        if stop - start > _LONGEST_NAME:
            raise _refused(self._name, f"broken: a name in it has {stop - start:,} bytes")
        return self._content[start:stop].decode("utf-8", "replace")

    def _check(self, kind: str, begin: int, end: int, depth: int) -> None:
        """Refuse weights stored outside the file, at any depth, and count the operators used."""
        if depth > MOST_DEPTH:
            raise _refused(self._name, "broken: its graphs are nested too deep")
        inside = _INSIDE[kind]
        names = dict.fromkeys(_NAMED_BY.get(kind, ()), "")
        outside = self._calls
        if kind == "function":
            self._calls = Counter()
        for number, start, stop in self._fields(begin, end):
            is_external = number == _EXTERNAL_DATA or (
                number == _DATA_LOCATION and stop - start == 0 and self._value != 0
            )
            if kind == "tensor" and is_external:
                message = (
                    f"{self._name} keeps its weights in another file, which could be any file of "
                    "this machine; save it again with its weights inside (onnx.save(model, file))"
                )
                raise ModelRefusedError(message)
            if number in names:
                names[number] = self._text(start, stop)
            if number in inside:
                self._check(inside[number], start, stop, depth + 1)
        if names:
            domain, name = names.values()
            if kind == "function":
                self._own[domain, name], self._calls = self._calls, outside
            else:
                self._calls[domain, name] += 1

    def _entry(self, begin: int, end: int) -> tuple[str, str]:
        """Return key and value of a metadata entry; a text that is too long counts as empty."""
        texts = {1: "", 2: ""}
        for number, start, stop in self._fields(begin, end):
            if number in texts and stop - start <= LONGEST_TEXT:
                texts[number] = self._content[start:stop].decode("utf-8", "replace")
        return texts[1], texts[2]

    def _fields(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield number, start and end of each field; for an integer, the value is in `_value`."""
        at = begin
        while at < end:
            self._count += 1
            if self._count > MOST_FIELDS:
                raise _refused(self._name, f"broken: it has more than {MOST_FIELDS} parts")
            tag, at = self._varint(at, end)
            number, kind = tag >> 3, tag & 7
            if kind == _VARINT:
                self._value, at = self._varint(at, end)
                start = at
            elif kind == _LENGTH:
                length, start = self._varint(at, end)
                at = start + length
            elif kind in (_FIXED64, _FIXED32):
                start = at
                at += 8 if kind == _FIXED64 else 4
            else:
                raise _refused(self._name, "not an ONNX model")
            if at > end or number == 0:
                raise _refused(self._name, "not an ONNX model, or cut short")
            yield number, start, at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while at < end and shift < 64:
            byte = self._content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
        raise _refused(self._name, "not an ONNX model, or cut short")


def _refused(name: str, reason: str) -> ModelRefusedError:
    return ModelRefusedError(f"{name} is {reason}; download or export it again")
