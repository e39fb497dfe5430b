"""Locks on open files, which the system releases when their process ends, however it ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 60.0  # seconds that another may hold a lock before it is no longer waited for
_PAUSE = 0.01  # seconds between two looks
# A byte far behind any content: Windows locks ranges, and a locked one cannot be read.
_FAR = 2**40


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; return whether no other process has it locked.

    Limits: needs a file system with locks (NFS has them).
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold a lock's file for the block, so that no other process or thread does the same meanwhile.

    It only saves work done twice: a folder that cannot be written, a file system without locks, or
    another that holds the lock for a minute, does not keep anyone from the block.

    Args:
        path: The lock's file; it is created, and stays.

    Yields:
        Whether it is held.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield False
        return
    try:
        yield _waited_for(descriptor)
    finally:
        os.close(descriptor)


def _waited_for(descriptor: int) -> bool:
    """Wait until an open file is locked; return whether it is."""
    end = time.monotonic() + _PATIENCE
    try:
        while not (is_held := try_lock(descriptor)) and time.monotonic() < end:
            time.sleep(_PAUSE)
    except OSError:  # a file system without locks
        return False
    return is_held
