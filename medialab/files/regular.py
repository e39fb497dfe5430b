"""Opening foreign files: only regular files, and only up to a size.

Opening a pipe or a device in place of a file could wait for ever; a file of gigabytes in place of a
note would fill the memory.
"""

import errno
import os
import stat
from io import FileIO
from pathlib import Path


class NotRegularError(OSError):
    """The path is a folder, a pipe, a socket or a device; `strerror` says which."""


def open_regular(path: Path, *, follow: bool = True) -> FileIO:
    """Open a file to read its bytes, unbuffered.

    Args:
        path: The file.
        follow: Whether the path may be a link.

    Raises:
        NotRegularError: it is not a regular file; nothing was opened.
        OSError: it cannot be opened, or the name is not valid for a file.
    """
    try:
        _refuse_others(path.stat(follow_symlinks=follow))
        # If a pipe has replaced it since, opening it does not wait for a writer.
        descriptor = os.open(path, _READING | (0 if follow else _NO_LINK))
    except ValueError as error:  # a zero byte or a lone surrogate in the name
        raise OSError(errno.EINVAL, f"not a valid file name ({error})") from error
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
        # A read allocates memory for all that it may return, so ask for little more than the size.
        piece = max(size + 1, _LEAST_PIECE)
        parts, left = [], most + 1
        while left > 0 and (part := os.read(file.fileno(), min(left, piece))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise OSError(errno.EFBIG, f"too large: {size} bytes, at most {most} are read")
    return b"".join(parts)


def is_regular(path: Path) -> bool:
    """Return whether a path is a regular file, or a link to one; a link to itself is not."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder, or a link to one; one that may not be seen is not."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
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
        found = next((name for test, name in _NAMES if test(status.st_mode)), "something else")
        raise NotRegularError(errno.EINVAL, f"it is {found}, not a file")
