"""Numbers of pictures in a day's folder: each is reserved by one writer, and given only once.

A reservation is a locked file, `.00007.partial`. The kernel releases the lock of a killed process,
so a reservation that another process can lock is stale. A number stays taken after its picture was
deleted, and after the bin was emptied: the bin remembers the highest of each day.

Limits: needs a file system with rename and flock (NFS has them). On Windows the open file serves as
the lock, since an open file cannot be removed.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = "bin"  # the folder in the outputs folder that holds deleted pictures, by day
RESERVATION = re.compile(r"\.([0-9]+)\.partial")
PATIENCE = 1.0  # seconds that a change by another is waited for
_PAUSE = 0.01  # seconds between two looks
# Longer digits are not a count of ours, and the next number would not fit into a name.
_NUMBER = re.compile(r"\.?([0-9]{1,9})[-.]")


@contextmanager
def next_number(folder: Path) -> Iterator[int]:
    """Reserve the next number of a day's folder for the block, and yield it."""
    number = max(highest(folder), highest(bin_of(folder))) + 1
    while True:
        lock = claim(reservation(folder, number), os.O_CREAT | os.O_EXCL)
        if lock is not None:
            # Another process may have saved under this number since the folder was listed.
            if not any(folder.glob(f"{number:05d}-*")):
                break
            release(reservation(folder, number), lock)
        number += 1
    try:
        yield number
    finally:
        release(reservation(folder, number), lock)


@contextmanager
def reserved(path: Path) -> Iterator[int]:
    """Reserve the number of a published file for the block, and yield it.

    Another thread's or process's change is waited for, up to `PATIENCE`.

    Raises:
        BlockingIOError: another process is changing that picture or its sidecar all the time.
        OSError: the folder cannot be written to.
    """
    number = number_of(path)
    place = reservation(path.parent, number)
    end = time.monotonic() + PATIENCE
    while (lock := claim(place, os.O_CREAT)) is None:  # a change takes some milliseconds
        if time.monotonic() >= end:
            raise BlockingIOError(f"{path} is being changed by another process")
        time.sleep(_PAUSE)
    try:
        yield number
    finally:
        release(place, lock)


def highest(folder: Path) -> int:
    """Return the highest number in a folder; 0 if there is none, or no such folder."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names
    except FileNotFoundError:
        return 0
    return max((int(match[1]) for name in names if (match := _NUMBER.match(name))), default=0)


def number_of(path: Path) -> int:
    """Return a published file's number; files renamed by the user share the lock of number 0."""
    match = _NUMBER.match(path.name)
    return int(match[1]) if match else 0


def bin_of(folder: Path) -> Path:
    """Return the folder in the bin to which the pictures of a day's folder are deleted."""
    return folder.parent / BIN / folder.name


def reservation(folder: Path, number: int) -> Path:
    """Return the path of a number's reservation."""
    return folder / f".{number:05d}.partial"


def partial(path: Path, number: int) -> Path:
    """Return the temporary path under which a published file is written."""
    return path.with_name(f".{number:05d}{path.suffix}.partial")


def claim(path: Path, flags: int = 0) -> int | None:
    """Lock a reservation; return its file descriptor, or None if another has it or it is gone."""
    try:
        lock = os.open(path, os.O_RDWR | flags, 0o666)
    except (FileExistsError, FileNotFoundError):
        return None
    if sys.platform == "win32":
        return lock
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between open and lock, `sweep` may have removed the file and another process made it anew.
        if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def release(path: Path, lock: int) -> None:
    """Release a reservation: remove it, then unlock it, so that nobody mistakes it for stale."""
    if sys.platform == "win32":
        os.close(lock)
        path.unlink(missing_ok=True)
        return
    try:
        path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def write(path: Path, content: bytes) -> None:
    """Write a file and force it to disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Rename a file and sync its folders, so that the order of renames survives a crash."""
    source.replace(target)
    if sys.platform == "win32":
        return
    for path in {target.parent, source.parent}:
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
