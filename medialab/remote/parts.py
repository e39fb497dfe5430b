"""Unfinished downloads: `ink.safetensors.part`, with what it is a part of in a JSON beside it.

One process at a time writes a part: it is locked while it is open, and unlocked however its process
ends. The JSON (`ink.safetensors.part.json`) is what another process needs to go on: source, version
and file, size and hashes as listed, and the ETag by which the server knows whether the file is
still the same. It holds no address and no token.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from medialab.errors import DownloadError
from medialab.files.locks import try_lock
from medialab.files.regular import is_regular, read_regular
from medialab.remote.listings import RemoteFile
from medialab.remote.names import numbered

PART, FACTS = ".part", ".json"
LARGEST_FACTS = 2**16  # bytes
_VERSION = 1
_MOST_NAMES = 1000


class Part:
    """An unfinished file, open and locked.

    Attributes:
        path: The part's path.
        facts: What is known of the answer that it comes of: "etag"; {} for a new part.
    """

    def __init__(self, path: Path, file: RemoteFile, opened: FileIO) -> None:
        self.path, self._file, self._opened = path, file, opened
        known = read_facts(path)
        self.facts = known if is_part_of(known, file) else {}

    @property
    def size(self) -> int:
        """The bytes that are there."""
        return os.fstat(self._opened.fileno()).st_size

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Empty the part and note what it will be a part of, before its first byte."""
        self.facts = {"version": _VERSION, **identity(self._file), **facts}
        self._opened.truncate(0)
        temporary = facts_of(self.path).with_suffix(".json.new")
        temporary.write_text(json.dumps(self.facts, ensure_ascii=False), encoding="utf-8")
        temporary.replace(facts_of(self.path))

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self._opened.seek(0, os.SEEK_END)
        rest = memoryview(content)
        while rest:
            rest = rest[self._opened.write(rest) :]

    def pieces(self, size: int = 2**20) -> Iterator[bytes]:
        """Yield what is there, in pieces of at most `size` bytes."""
        self._opened.seek(0)
        while piece := self._opened.read(size):
            yield piece

    def settle(self) -> None:
        """Force what is there to the disk."""
        os.fsync(self._opened.fileno())

    def discard(self) -> None:
        """Empty the part; it is deleted when it is closed."""
        self._opened.truncate(0)

    def place(self, put: Callable[[Path], Path]) -> Path:
        """Give the finished part its name by `put`, and return its path.

        Raises:
            OSError: it cannot be moved; the part stays.
        """
        if sys.platform == "win32":  # an open file cannot be moved there
            self._opened.close()
        placed = put(self.path)
        facts_of(self.path).unlink(missing_ok=True)
        return placed

    def close(self) -> None:
        """Close and unlock the part, and delete it if it is empty."""
        if self._opened.closed:
            return
        is_empty = self.size == 0
        if is_empty and sys.platform != "win32":  # while it is locked: nobody else has begun it
            _delete(self.path)
        self._opened.close()
        if is_empty and sys.platform == "win32":
            _delete(self.path)


@contextmanager
def part_of(folder: Path, name: str, file: RemoteFile) -> Iterator[Part]:
    """Open and lock the part of a file for the block: the one that is there, or a new one.

    Parts of other files with the same name stay, and so do those of other programs (a browser's):
    the name is numbered.

    Args:
        folder: Where the part is.
        name: The safe name of the whole file.
        file: The file as listed.

    Raises:
        DownloadError: another process has this part open.
        OSError: it cannot be opened.
    """
    for number in range(1, _MOST_NAMES):
        path = folder / (numbered(name, number) + PART)
        known = read_facts(path)
        is_there = path.exists() or path.is_symlink()
        if is_there and (not is_part_of(known, file) if known else _is_foreign(path)):
            continue
        opened = _locked(path)
        if opened is not None:
            break
        if is_part_of(read_facts(path), file):
            message = f"{name} is being downloaded by another program; wait until it is done there"
            raise DownloadError(message)
    else:
        message = f"{folder.name} holds {_MOST_NAMES} unfinished downloads of the name {name}"
        raise DownloadError(f"{message}; delete those with the ending {PART}")
    part = Part(path, file, opened)
    try:
        yield part
    finally:
        part.close()


def forget_part(folder: Path, name: str, file: RemoteFile) -> None:
    """Delete the part of a file that is there as a whole; one that another has open stays.

    A process that was killed as the file got its name has left it.
    """
    if is_part_of(read_facts(folder / (name + PART)), file):
        with suppress(OSError, DownloadError), part_of(folder, name, file) as part:
            part.discard()


def facts_of(path: Path) -> Path:
    """Return the path of the facts of a part."""
    return path.with_name(path.name + FACTS)


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts of a part; {} if there are none, or none that can be read."""
    try:
        facts = json.loads(read_regular(facts_of(path), LARGEST_FACTS, follow=False))
    except (OSError, ValueError, RecursionError):
        return {}
    is_known = isinstance(facts, dict) and facts.get("version") == _VERSION
    return facts if is_known else {}


def identity(file: RemoteFile) -> dict[str, Any]:
    """Return what makes a file the same one in another process."""
    return {
        "source": file.source.name,
        "release": file.version,
        "file": file.key,
        "size": file.size_bytes,
        "sha256": file.sha256,
    }


def is_part_of(facts: Mapping[str, Any], file: RemoteFile) -> bool:
    """Return whether facts are those of a part of this file."""
    return all(name in facts and facts[name] == one for name, one in identity(file).items())


def _delete(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        facts_of(path).unlink(missing_ok=True)


def _is_foreign(path: Path) -> bool:
    """Return whether something is there that has content, but no facts of ours."""
    try:
        return path.stat(follow_symlinks=False).st_size > 0
    except OSError:
        return False


def _locked(path: Path) -> FileIO | None:
    """Open and lock a part; None if another has it, or it was finished meanwhile."""
    if path.is_symlink() or (path.exists() and not is_regular(path)):
        message = f"{path.name} is not a file; move it away, then download again"
        raise DownloadError(message)
    with suppress(FileNotFoundError):
        # A process was killed just after the whole file had got its name, and before its part had
        # lost its own: to change the part would change the model.
        if path.stat(follow_symlinks=False).st_nlink > 1:
            _delete(path)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    opened = FileIO(os.open(path, flags, 0o666), "r+")
    try:
        # Between the two calls another process may have finished it: its name is then gone.
        if try_lock(opened.fileno()) and os.path.samestat(
            os.fstat(opened.fileno()), path.stat(follow_symlinks=False)
        ):
            return opened
    except FileNotFoundError:
        pass
    except BaseException:
        opened.close()
        raise
    opened.close()
    return None
