"""Keeps folders of disposable files (caches, unused pictures) within a number of bytes."""

import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class StoredFile(NamedTuple):
    """A file of such a folder; in sorted order the least recently used comes first."""

    used: int  # ns since 1970: its modification time, which whoever uses it sets
    path: Path
    size: int  # bytes


def stored_file(path: Path) -> StoredFile | None:
    """Return the file at a path; None if there is no regular file, such as at a link."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return StoredFile(status.st_mtime_ns, path, status.st_size)


def stored_files(paths: Iterable[Path]) -> list[StoredFile]:
    """Return the regular files among paths, the least recently used first."""
    return sorted(one for path in paths if (one := stored_file(path)) is not None)


def total_size(files: Iterable[StoredFile]) -> int:
    """Return the bytes of all files."""
    return sum(one.size for one in files)


def prune(
    files: Sequence[StoredFile],
    most: int,
    may_go: Callable[[StoredFile], bool] = lambda _file: True,
) -> list[StoredFile]:
    """Remove files in order until their size is 90 % of the limit, if they exceed it.

    Args:
        files: All files of the folder, those to remove first in front.
        most: The limit, in bytes.
        may_go: Whether a file can be removed; called only if files have to be.

    Returns:
        The files that were removed, without those that could not be.
    """
    size = total_size(files)
    return prune_bytes(files, size - most * 9 // 10, may_go) if size > most else []


def prune_bytes(
    files: Sequence[StoredFile],
    nbytes: int,
    may_go: Callable[[StoredFile], bool] = lambda _file: True,
) -> list[StoredFile]:
    """Remove files in order until they had so many bytes.

    Args:
        files: As for `prune`.
        nbytes: How many bytes to remove; none is removed for 0 or less.
        may_go: As for `prune`.

    Returns:
        As `prune`.
    """
    gone: list[StoredFile] = []
    for one in files:
        if nbytes <= 0:
            break
        if may_go(one):
            with suppress(OSError):
                one.path.unlink(missing_ok=True)
                nbytes -= one.size
                gone.append(one)
    return gone
