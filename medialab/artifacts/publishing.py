"""Writing a picture and its sidecar so that a reader sees both or neither, whatever happens.

Each save reserves a number in its day's folder (see `reservations`). Both files are written as
`.00007.json.partial` and `.00007.png.partial` (with the picture's own extension), forced to disk,
and renamed, the sidecar first: a picture never appears without its sidecar. The reservation is
removed last. `sweep` removes the files of stale reservations, and completes a deletion that was
killed. Files without a reservation belong to the user and are never touched.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medialab.artifacts import deleted
from medialab.artifacts.days import PICTURES, picture_of
from medialab.artifacts.reservations import (
    RESERVATION,
    claim,
    next_number,
    partial,
    release,
    rename,
    reserved,
    write,
)


def publish(
    folder: Path, name: str, sidecar: bytes, picture: bytes, suffix: str = PICTURES[0]
) -> Path:
    """Write `NNNNN-name.png` and its `.json` under the next free number.

    Args:
        folder: The day's folder; it is created if needed.
        name: The part of the name after the number.
        sidecar: Content of the `.json` file.
        picture: Content of the picture's file.
        suffix: The picture's extension, one of PICTURES.

    Returns:
        The picture's path.

    Raises:
        OSError: they could not be written; neither file is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with next_number(folder) as number:
        final = folder / f"{number:05d}-{name}{suffix}"
        files = {final.with_suffix(".json"): sidecar, final: picture}
        try:
            for path, content in files.items():
                write(partial(path, number), content)
            for path in files:
                rename(partial(path, number), path)
        except BaseException:
            for path in reversed(files):
                path.unlink(missing_ok=True)
                partial(path, number).unlink(missing_ok=True)
            raise
    return final


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Lock a published sidecar for the block, and yield a function that replaces its content.

    No other process can change the file between a read inside the block and its replacement.
    Readers see either the old or the new content, complete.

    Raises:
        BlockingIOError: another process is changing it.
        OSError: it could not be written; the old file is unchanged.
    """
    with reserved(path) as number:
        temporary = partial(path, number)

        def replace(content: bytes) -> None:
            write(temporary, content)
            rename(temporary, path)

        try:
            yield replace
        finally:
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the temporary files of killed processes from a day's folder.

    Files of running processes stay. So do files that this user may not change, which their owner
    will sweep, and all files on a read-only disk.
    """
    with suppress(OSError):  # an unreadable folder
        for reservation in list(folder.glob(".*.partial")):
            if match := RESERVATION.fullmatch(reservation.name):
                with suppress(OSError):
                    _sweep_number(reservation, match[1])


def _sweep_number(reservation: Path, number: str) -> None:
    folder, lock = reservation.parent, claim(reservation)
    if lock is None:
        return
    try:
        for suffix in (".json", *PICTURES):
            (folder / f".{number}{suffix}.partial").unlink(missing_ok=True)
        for sidecar in folder.glob(f"{number}-*.json"):
            if not picture_of(sidecar).exists() and not deleted.complete(sidecar):
                sidecar.unlink()  # its picture was never published
    finally:
        release(reservation, lock)


def is_full(error: OSError) -> bool:
    """Return whether a disk, or this user's share of it, has no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def advice(error: OSError) -> str:
    """Return what is wrong and what the user can do about it."""
    if is_full(error):
        return "the disk is full; free some space, or choose another outputs folder"
    if isinstance(error, BlockingIOError):
        return f"{error}; try again"
    reason = error.strerror or str(error)
    return f"{reason}; check that you may write to the folder, or choose another"
