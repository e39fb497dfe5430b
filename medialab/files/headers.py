"""The header of a safetensors file: names, shapes and types of its tensors, and metadata.

The file is 8 bytes of length (little-endian), that many bytes of JSON, then the tensors' data. The
JSON gives every tensor's dtype, shape and position, so a damaged, truncated or foreign file is
detected before any library opens it, and the kind of model is recognised without reading its data.

Source: the format section of the safetensors project's README.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.regular import open_regular

# The safetensors library's own limit is 100 MB; the largest real headers have a few.
LARGEST_HEADER = 2**25  # bytes
# Above this size a header is looked over before it is parsed, since JSON may take fifty times its
# size in memory.
_LOOKED_OVER = 2**20  # bytes
MOST_METADATA = 50_000  # entries
LENGTH_FIELD = 8  # bytes
SMALLEST_HEADER = 2  # bytes: {}

# Bits of one element. Formats that are missing here cannot be opened by safetensors either.
BITS = {
    "F4": 4,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}

# Formats that weights may have.
FLOATS = frozenset(name for name in BITS if name.startswith(("F8", "F16", "F32", "F64", "BF16")))

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"')
_CONTROL = re.compile(r"[\x00-\x1f]")
# A convolution of a video model has five; torch's limit is 64.
MOST_DIMENSIONS = 8
# Limit for the product of all sides except zeros: more than any disk holds, less than overflows.
MOST_NUMBERS = 2**48


@dataclass(frozen=True)
class Header:
    """The header of a safetensors file.

    Attributes:
        shapes: The tensors' shapes, by name.
        metadata: Free text that trainers write, by key.
        dtypes: The tensors' formats as the file names them ("F16" …), by name.
    """

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]
    dtypes: Mapping[str, str] = field(default_factory=dict)


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file, and nothing of the tensors' data.

    The first bytes are not compared with those of a pickle or a zip, since they are a valid length.

    Raises:
        ModelRefusedError: the file is truncated, damaged or of another format; the message says
            which.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            first = _read(file.fileno(), LENGTH_FIELD)
            if len(first) < LENGTH_FIELD:
                raise _refused(path, f"cut short: {size} bytes hold no header")
            length = _checked_length(path, int.from_bytes(first, "little"), size)
            text = _read(file.fileno(), length)
    except OSError as error:
        raise _refused(path, f"not readable: {error.strerror}") from error
    entries = _parse(path, text)
    metadata = _checked_metadata(path, entries.pop("__metadata__", None))
    _check_places(path, entries, size - LENGTH_FIELD - length)
    return Header(
        shapes={name: tuple(entry["shape"]) for name, entry in entries.items()},
        metadata=metadata,
        dtypes={name: entry["dtype"] for name, entry in entries.items()},
    )


def _read(descriptor: int, length: int) -> bytes:
    """Read `length` bytes, or fewer at the end of the file; a single `os.read` may return less."""
    parts = []
    while length > 0 and (part := os.read(descriptor, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _checked_length(path: Path, length: int, size: int) -> int:
    if length.to_bytes(8, "little").startswith(b"GGUF"):
        raise ModelRefusedError(f"{path.name} is a GGUF file; name it {path.stem}.gguf")
    if not SMALLEST_HEADER <= length <= LARGEST_HEADER:
        raise _refused(
            path,
            f"not a safetensors file: its header would be {length} bytes long "
            "(a web page or another format saved under this name?)",
        )
    if length > size - LENGTH_FIELD:
        raise _refused(path, f"cut short: its header says {length} bytes, the file has {size}")
    return length


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    """Parse the header's JSON object; its entries are not checked yet."""
    if not text.startswith(b"{"):
        raise _refused(path, "not a safetensors file: its header is not JSON")
    if len(text) > _LOOKED_OVER:
        _refuse_bomb(path, text)
    try:
        # Decoded as UTF-8 here: `json.loads` would accept other encodings, which no library reads.
        entries = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _refused(path, "not a safetensors file: its header is not JSON") from error
    # Of two entries with one name, `json.loads` keeps the last. Each has one "data_offsets", so
    # counting these detects it.
    if text.count(b'"data_offsets"') != len(entries) - ("__metadata__" in entries):
        _refuse_doubles(path, text)
    names = "".join(entries)
    try:
        names.encode()
    except UnicodeEncodeError as error:
        raise _refused(path, "broken: the name of a tensor is not text") from error
    if _CONTROL.search(names):
        raise _refused(path, "broken: the name of a tensor is not text")
    return dict(entries)


def _refuse_bomb(path: Path, text: bytes) -> None:
    """Refuse a header that has far more lists or entries than its tensors need.

    A tensor has an object with three entries and two lists.
    """
    tensors, bare = text.count(b'"data_offsets"'), _STRING.sub(b"", text)
    lists, entries = bare.count(b"[") + bare.count(b"{"), bare.count(b":")
    if lists > 3 * tensors + 2 or entries > 4 * tensors + MOST_METADATA:
        raise _refused(path, "not a safetensors file: its header holds more than tensors")


def _refuse_constant(name: str) -> None:
    message = f"{name} is not valid JSON"
    raise ValueError(message)


def _refuse_doubles(path: Path, text: bytes) -> None:
    """Refuse an object that has a name twice, at any depth."""

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise _refused(path, f"broken: {name!r} is in its header twice")
            found[name] = value
        return found

    json.loads(text.decode("utf-8"), object_pairs_hook=check)


def _check_places(path: Path, entries: Mapping[str, Any], body: int) -> None:
    """Check that each tensor has the size of its shape and that together they fill the file."""
    places = []
    for name, entry in entries.items():
        try:
            begin, end = entry["data_offsets"]
            shape, dtype = entry["shape"], entry["dtype"]
            bits = BITS.get(dtype)
        except (TypeError, KeyError, ValueError) as error:
            raise _refused(
                path, f"broken: tensor {name!r} has no dtype, shape and place"
            ) from error
        if not isinstance(shape, list):
            raise _refused(path, f"broken: tensor {name!r} has no dtype, shape and place")
        if bits is None:
            raise _refused(path, f"of no use: tensor {name!r} has the unknown format {dtype!r}")
        if len(shape) > MOST_DIMENSIONS:
            raise _refused(
                path,
                f"broken: tensor {name!r} has {len(shape)} dimensions, at most {MOST_DIMENSIONS} "
                "are read",
            )
        if any(type(number) is not int or number < 0 for number in (begin, end, *shape)):
            raise _refused(path, f"broken: tensor {name!r} has an impossible shape or place")
        if prod(side for side in shape if side) > MOST_NUMBERS:
            raise _refused(path, f"broken: tensor {name!r} has an impossible shape or place")
        if end - begin != prod(shape) * bits // 8:
            raise _refused(path, f"broken: tensor {name!r} has {end - begin} bytes for {shape}")
        places.append((begin, end))
    reached = 0
    for begin, end in sorted(places):
        if begin != reached or end < begin:
            raise _refused(path, "broken: its tensors overlap or leave gaps")
        reached = end
    if reached > body:
        raise _refused(path, f"cut short: {reached - body} bytes of its tensors are missing")
    if reached < body:
        raise _refused(path, f"broken: {body - reached} bytes follow its last tensor")


def _checked_metadata(path: Path, metadata: Any) -> dict[str, str]:
    """Return the metadata, checked to be text only, as the safetensors library requires."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(one, str) for one in metadata.values()):
        raise _refused(path, "broken: its metadata is not a list of names with text values")
    try:
        "".join((*metadata, *metadata.values())).encode()
    except UnicodeEncodeError as error:
        raise _refused(path, "broken: its metadata holds something other than text") from error
    return metadata


def _refused(path: Path, reason: str) -> ModelRefusedError:
    return ModelRefusedError(f"{path.name} is {reason}; download or save it again")
