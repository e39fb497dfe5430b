"""Opening what is a regular file and nothing else.

A pipe behind a file's name makes its reader wait for ever, a device may have no end. Every file
that others may have put here is opened by these functions.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Bytes of one file that is read whole where its reader says nothing else.
MOST_BYTES = 512 * 1024**2


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """Open a regular file to be read; `follow` says whether a link may stand in its place.

    Raises:
        OSError: it cannot be opened, or is a pipe, a device, a folder or (without `follow`) a link.
    """
    try:
        # Asked first, since opening a device may already do something.
        _check(path.stat(follow_symlinks=follow), path)
        number = os.open(path, _flags(follow))
    except ValueError as error:  # a NUL or half a character: no file has such a name
        raise OSError(errno.EINVAL, "no file can have this name", repr(path)) from error
    try:
        _check(os.fstat(number), path)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_regular(path: Path, most: int = MOST_BYTES, *, follow: bool = True) -> bytes:
    """Read a regular file of at most `most` bytes.

    Raises:
        OSError: as `open_regular`, or it is larger.
    """
    with open_regular(path, follow=follow) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has over {most:,} bytes", str(path))
    return content


def _flags(follow: bool) -> int:
    """Never wait, never become a terminal's owner; names that a system lacks count as none."""
    names = ["O_BINARY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", *([] if follow else ["O_NOFOLLOW"])]
    flags = os.O_RDONLY
    for name in names:
        flags |= getattr(os, name, 0)
    return flags


def _check(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file but " + _kind(status), str(path))


def _kind(status: os.stat_result) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(status.st_mode), "a device")
