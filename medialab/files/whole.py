"""Atomic writing of files: a reader sees the old content or the new one, never a part of it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

# The extension of an unfinished file; a killed process leaves one behind.
UNFINISHED = ".partial"


def write_whole(path: Path, content: bytes, *, modified_ns: int | None = None) -> None:
    """Write a file under a temporary name, and rename it when it is complete.

    The folder is created if it is missing. Only this user may read the file. If the machine
    crashes, the content may be lost; `medialab.artifacts.publishing` avoids that.

    Args:
        path: The file.
        content: Its content.
        modified_ns: Its modification time, in nanoseconds since 1970; None for now.

    Raises:
        OSError: it cannot be written; the old file is unchanged, and no temporary file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=UNFINISHED)
    partial = Path(name)
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
