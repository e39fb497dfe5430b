"""Locks on open files, which the system releases when their process ends, however it ends."""

import sys

# A byte far behind any content: Windows locks ranges, and a locked one cannot be read.
_FAR = 2**40


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; return whether no other process has it locked.

    Limits: needs a file system with locks (NFS has them).
    """
    if sys.platform == "win32":
        import msvcrt
        import os

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
