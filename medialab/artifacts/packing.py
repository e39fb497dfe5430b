"""Many pictures as one ZIP file, made piece by piece."""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import RawIOBase
from pathlib import Path

from medialab.files.regular import NotRegularError, open_regular

_PIECE = 2**20  # bytes read at once


def pack(pictures: Iterable[Path], folder: Path) -> Iterator[bytes]:
    """Yield the parts of a ZIP file with pictures and their sidecars, under their own names.

    The files are stored as they are, since pictures are compressed already. One that is gone
    meanwhile is left out.

    Args:
        pictures: Their paths.
        folder: The folder that contains them all; names in the ZIP file start there.
    """
    stream = _Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as file:
        for picture in dict.fromkeys(pictures):
            for path in (picture, picture.with_suffix(".json")):
                with suppress(FileNotFoundError, NotRegularError):
                    yield from _pack_one(file, path, path.relative_to(folder).as_posix(), stream)
    yield stream.take()


def _pack_one(file: zipfile.ZipFile, path: Path, name: str, stream: "_Stream") -> Iterator[bytes]:
    with open_regular(path) as content:
        plain = name.encode("utf-8", "backslashreplace").decode()  # ZIP has names of text alone
        # A clock that was wrong is no reason to leave a picture out: ZIP counts from 1980 to 2107.
        entry = zipfile.ZipInfo.from_file(path, plain, strict_timestamps=False)
        with file.open(entry, "w", force_zip64=entry.file_size >= zipfile.ZIP64_LIMIT // 2) as part:
            while piece := content.read(_PIECE):
                part.write(piece)
                yield stream.take()


class _Stream(RawIOBase):
    """A file that can only be written; what was written is taken out piece by piece."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """Return that it can be written."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override] # zipfile writes bytes
        """Append bytes."""
        self._written += content
        return len(content)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
