"""The hashes by which other programs and CivitAI know a model's file, computed in one read of it.

Source: A1111's modules/hashes.py and modules/sd_models.py (AutoV1, AutoV2), kohya's
library/train_util.py (`sshs_model_hash`, which A1111 and CivitAI call AutoV3).
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.headers import LARGEST_HEADER, LENGTH_FIELD, SMALLEST_HEADER, read_header
from medialab.files.regular import open_regular

AUTOV1_DIGITS, AUTOV2_DIGITS, AUTOV3_DIGITS = 8, 10, 12
LEAST_DIGITS = 8  # of a part by which a hash is recognised
_AUTOV1_START, _AUTOV1_LENGTH = 0x100000, 0x10000  # the bytes that it covers
_PIECE = 2**22  # bytes; a piece takes some 20 ms, so that a cancel is noticed at once
_NOTED = re.compile(r"(?:0x)?([0-9a-f]{12,64})")


class Digests(NamedTuple):
    """The hashes of one file, in lower-case hex digits; "" where there is none.

    Attributes:
        sha256: Of the whole file, 64 digits.
        tensors: The SHA-256 of all bytes after a safetensors header, which renaming a LoRA or
            editing its metadata leaves as it is.
        noted: What the metadata of the header says that `tensors` is; it may be wrong.
        autov1: A1111's first hash, 8 digits; "" for files of less than 1 MiB.
        blake3: Of the whole file, 64 digits; "" until all are computed.
        crc32: Of the whole file, 8 digits.
    """

    sha256: str
    tensors: str = ""
    noted: str = ""
    autov1: str = ""
    blake3: str = ""
    crc32: str = ""

    @property
    def autov2(self) -> str:
        """The first 10 digits of `sha256`, as A1111 and CivitAI show it."""
        return self.sha256[:AUTOV2_DIGITS]

    @property
    def autov3(self) -> str:
        """The 12 digits by which A1111 and CivitAI know a LoRA: noted ones, else of its tensors."""
        return (self.noted or self.tensors)[:AUTOV3_DIGITS]

    def include(self, text: str) -> bool:
        """Return whether a text is one of these hashes, or at least 8 digits of a long one.

        Args:
            text: Hex digits in lower case, of any of the kinds.
        """
        if len(text) < LEAST_DIGITS:
            return False
        if text in {self.autov1, self.crc32}:
            return True
        long = (one for one in (self.sha256, self.tensors, self.noted, self.blake3) if one)
        return any(one.startswith(text) or text.startswith(one) for one in long)

    @property
    def is_complete(self) -> bool:
        """Whether all hashes are computed, not the SHA-256 alone."""
        return bool(self.blake3)


def read_digests(
    path: Path, file: FileIO, step: Callable[[int], object] = lambda _: None
) -> Digests:
    """Compute all hashes of an open file, from its current position, the beginning.

    Args:
        path: Where it was opened.
        file: The open file.
        step: Called with the number of bytes that were read since the last call, about every
            20 ms; may wait, or raise to give up.

    Cost: the whole file is read once, 0.2 to 0.6 GiB per second; 4 MiB of memory.

    Raises:
        OSError: the file cannot be read.
    """
    from blake3 import blake3

    whole, tensors, first = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    more, crc, at, start = blake3(), 0, 0, -1
    size = os.fstat(file.fileno()).st_size
    buffer = memoryview(bytearray(_PIECE))
    while count := file.readinto(buffer):
        piece = buffer[:count]
        if at == 0 and path.suffix.lower() == ".safetensors":
            start = _end_of_header(piece, size)
        whole.update(piece)
        more.update(piece)
        crc = zlib.crc32(piece, crc)
        if start >= 0:
            tensors.update(piece[max(0, start - at) :])
        first.update(_part(piece, at, _AUTOV1_START, _AUTOV1_START + _AUTOV1_LENGTH))
        at += count
        step(count)
    return Digests(
        sha256=whole.hexdigest(),
        tensors=tensors.hexdigest() if start >= 0 else "",
        noted=_noted(path) if start >= 0 else "",
        autov1=first.hexdigest()[:AUTOV1_DIGITS] if at > _AUTOV1_START else "",
        blake3=more.hexdigest(),
        crc32=f"{crc:08x}",
    )


def autov1(path: Path) -> str:
    """Return AutoV1, A1111's first hash: of 64 KiB after the first MiB; "" for shorter files."""
    with open_regular(path) as file:
        file.seek(_AUTOV1_START)
        content = file.read(_AUTOV1_LENGTH)
    return hashlib.sha256(content).hexdigest()[:AUTOV1_DIGITS] if content else ""


def sha256_of_tensors(path: Path) -> str:
    """Return the SHA-256 of all bytes after a safetensors header, which AutoV3 abbreviates."""
    with open_regular(path) as file:
        file.seek(LENGTH_FIELD + int.from_bytes(file.read(LENGTH_FIELD), "little"))
        return hashlib.file_digest(file, "sha256").hexdigest()


def _end_of_header(piece: memoryview, size: int) -> int:
    """Return where the tensors' bytes begin; -1 for a file that is not safetensors."""
    length = int.from_bytes(piece[:LENGTH_FIELD], "little")
    end = LENGTH_FIELD + length
    return end if SMALLEST_HEADER <= length <= LARGEST_HEADER and end <= size else -1


def _part(piece: memoryview, at: int, begin: int, end: int) -> memoryview:
    """Return the part of a piece that lies in a range of its file, in bytes."""
    return piece[max(0, begin - at) : max(0, end - at)]


def noted_hash(metadata: Mapping[str, str]) -> str:
    """Return the hash of the tensors that a trainer wrote into the metadata; "" if it is none."""
    found = _NOTED.fullmatch(metadata.get("sshs_model_hash", "").strip().lower())
    return found[1] if found else ""


def _noted(path: Path) -> str:
    try:
        return noted_hash(read_header(path).metadata)
    except ModelRefusedError:
        return ""
