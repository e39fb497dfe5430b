"""Atomic writing of files: a reader sees the old content or the new one, never a part of it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

# The extension of an unfinished file; a killed process leaves one behind.
UNFINISHED = ".partial"


def write_whole(
    path: Path, content: bytes, *, modified_ns: int | None = None, private: bool = True
) -> None:
    """Write a file under a temporary name, and rename it when it is complete.

    The folder is created if it is missing. If the machine crashes, the content may be lost;
    `medialab.artifacts.publishing` avoids that.

    Args:
        path: The file.
        content: Its content.
        modified_ns: Its modification time, in nanoseconds since 1970; None for now.
        private: Whether only this user may read it; otherwise whoever may read new files here.

    Raises:
        OSError: it cannot be written; the old file is unchanged, and no temporary file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".w{secrets.token_hex(8)}{UNFINISHED}")
    number = os.open(partial, _WRITING, 0o600 if private else 0o666)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        if modified_ns is not None:
            os.utime(partial, ns=(modified_ns, modified_ns))
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def name_once(part: Path, target: Path) -> bool:
    """Give a finished file its name, in one step, and never over another file.

    Limits: on a disk without hard links, of two that do so at the same moment the last one counts.

    Args:
        part: The file; it is gone under this name once it has the other.
        target: Its path, on the same disk.

    Returns:
        Whether it was given; if not, another file has the name.

    Raises:
        OSError: it cannot be given; the file stays where it was.
    """
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:  # a disk without hard links
        if target.exists() or target.is_symlink():
            return False
        part.rename(target)
    else:
        part.unlink()
    return True


# A new file, never one that is there, not even through a link.
_WRITING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
