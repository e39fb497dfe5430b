"""Files that are written whole: a reader sees the old content or the new, never a part of it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

# How the name of an unfinished file ends; a killed writer leaves one behind.
UNFINISHED = ".partial"


def write_whole(path: Path, content: bytes, *, modified_ns: int | None = None) -> None:
    """Write a file under another name, and give it its own when it is complete.

    The folder is made if it is missing. Only this user may read the file. After a crash of the
    machine the content may be lost: where it must not be, see `medialab.artifacts.publishing`.

    Args:
        path: where it is to be.
        content: all its bytes.
        modified_ns: the time it is given, in nanoseconds; by default now.

    Raises:
        OSError: it cannot be written; the old file is as it was, and nothing is left of the new.
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
