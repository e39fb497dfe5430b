"""Files of others are opened only where they are regular files, and read only as far as allowed.

A pipe or a device in the place of a file would keep whoever opens it waiting for good; a file of
gigabytes in the place of a note would fill the memory.
"""

import errno
import os
import stat
from io import FileIO
from pathlib import Path


class NotRegularError(OSError):
    """What lies there is a folder, a pipe, a socket or a device; `strerror` says so."""


def open_regular(path: Path, *, follow: bool = True) -> FileIO:
    """Open a file to read its bytes, unbuffered; `follow` says whether a link may stand for it.

    Raises:
        NotRegularError: it is no regular file; nothing was opened.
        OSError: it cannot be opened, as by `open`. So does a name that no file can have.
    """
    try:
        _refuse_others(path.stat(follow_symlinks=follow))
        # Should a pipe have taken its place since: to open it does not wait for a writer.
        descriptor = os.open(path, _READING | (0 if follow else _NO_LINK))
    except ValueError as error:  # a zero byte or a lone surrogate in the name
        raise OSError(errno.EINVAL, f"no file has such a name ({error})") from error
    try:
        _refuse_others(os.fstat(descriptor))
        return FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int, *, follow: bool = True) -> bytes:
    """Read a whole file of at most `most` bytes.

    Raises:
        OSError: as `open_regular`, or it is larger.
    """
    with open_regular(path, follow=follow) as file:
        size = os.fstat(file.fileno()).st_size
        # A read takes memory for all that it may bring: no more than the file has, if it says so.
        piece = max(size + 1, _LEAST_PIECE)
        parts, left = [], most + 1
        while left > 0 and (part := os.read(file.fileno(), min(left, piece))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise OSError(errno.EFBIG, f"too large: {size} bytes, at most {most} are read")
    return b"".join(parts)


def is_regular(path: Path) -> bool:
    """Whether a regular file lies there, at the end of all links; a loop of links is none."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


_LEAST_PIECE = 2**16  # bytes; a file may grow while it is read
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NAMES = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _refuse_others(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        found = next((name for test, name in _NAMES if test(status.st_mode)), "no file")
        raise NotRegularError(errno.EINVAL, f"it is {found}, no file")
