"""Writing a picture and its sidecar so that a reader sees both or neither, whatever happens.

Each save reserves a number in its day's folder with a locked file, `.00007.partial`. Both files are
written as `.00007.json.partial` and `.00007.png.partial` (with the picture's own extension), forced
to disk, and renamed, the sidecar first: a picture never appears without its sidecar. The
reservation is removed last. The kernel releases the lock of a killed process, so a reservation that
another process can lock is stale, and `sweep` removes its files. Files without a reservation belong
to the user and are never touched.

Limits: needs a file system with rename and flock (NFS has them). On Windows the open file serves as
the lock, since an open file cannot be removed.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PICTURES = (".png", ".jpg", ".webp")
_RESERVATION = re.compile(r"\.([0-9]+)\.partial")
# Longer digits are not a count of ours, and the next number would not fit into a name.
_NUMBER = re.compile(r"\.?([0-9]{1,9})[-.]")


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
    with _next_number(folder) as number:
        final = folder / f"{number:05d}-{name}{suffix}"
        files = {final.with_suffix(".json"): sidecar, final: picture}
        try:
            for path, content in files.items():
                _write(_partial(path, number), content)
            for path in files:
                _rename(_partial(path, number), path)
        except BaseException:
            for path in reversed(files):
                path.unlink(missing_ok=True)
                _partial(path, number).unlink(missing_ok=True)
            raise
    return final


def picture_of(sidecar: Path) -> Path:
    """Return the picture of a sidecar, whatever its extension; the `.png` name if none exists."""
    found = [path for suffix in PICTURES if (path := sidecar.with_suffix(suffix)).exists()]
    return next(iter(found), sidecar.with_suffix(PICTURES[0]))


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Lock a published sidecar for the block, and yield a function that replaces its content.

    No other process can change the file between a read inside the block and its replacement.
    Readers see either the old or the new content, complete.

    Raises:
        BlockingIOError: another process is changing it.
        OSError: it could not be written; the old file is unchanged.
    """
    number = _number_of(path)
    reservation = _reservation(path.parent, number)
    lock = _claim(reservation, os.O_CREAT)
    if lock is None:
        raise BlockingIOError(f"{path} is being changed by another process")
    partial = _partial(path, number)

    def replace(content: bytes) -> None:
        _write(partial, content)
        _rename(partial, path)

    try:
        yield replace
    finally:
        partial.unlink(missing_ok=True)
        _release(reservation, lock)


def remove(picture: Path) -> None:
    """Delete a picture and its sidecar: both or neither.

    The picture is removed first, so that none ever appears without its sidecar; if the process is
    killed in between, `sweep` completes the deletion.

    Raises:
        BlockingIOError: another process is changing its sidecar.
        OSError: one cannot be deleted; both files are unchanged.
    """
    number = _number_of(picture)
    reservation = _reservation(picture.parent, number)
    lock = _claim(reservation, os.O_CREAT)
    if lock is None:
        raise BlockingIOError(f"{picture} is being changed by another process")
    hidden: list[Path] = []
    try:
        try:
            for path in (picture, picture.with_suffix(".json")):
                # A folder in place of a sidecar stays; a link is removed, whatever it points to.
                if path.is_symlink() or (path.exists() and not path.is_dir()):
                    hidden.append(path)
                    _rename(path, _partial(path, number))
        except BaseException:
            for path in reversed(hidden):
                with suppress(FileNotFoundError):  # it was not renamed yet
                    _partial(path, number).replace(path)
            raise
        for path in hidden:
            _partial(path, number).unlink(missing_ok=True)
    finally:
        _release(reservation, lock)


def sweep(folder: Path) -> None:
    """Remove the temporary files of killed processes from a day's folder.

    Files of running processes stay. So do files that this user may not change, which their owner
    will sweep, and all files on a read-only disk.
    """
    with suppress(OSError):  # an unreadable folder
        for reservation in list(folder.glob(".*.partial")):
            if match := _RESERVATION.fullmatch(reservation.name):
                with suppress(OSError):
                    _sweep_number(reservation, match[1])


def _sweep_number(reservation: Path, number: str) -> None:
    folder, lock = reservation.parent, _claim(reservation)
    if lock is None:
        return
    try:
        for suffix in (".json", *PICTURES):
            (folder / f".{number}{suffix}.partial").unlink(missing_ok=True)
        for sidecar in folder.glob(f"{number}-*.json"):
            if not picture_of(sidecar).exists():
                sidecar.unlink()
    finally:
        _release(reservation, lock)


@contextmanager
def _next_number(folder: Path) -> Iterator[int]:
    """Reserve the next free number of a folder for the block, and yield it."""
    taken = [int(match[1]) for path in folder.iterdir() if (match := _NUMBER.match(path.name))]
    number = max(taken, default=0) + 1
    while True:
        lock = _claim(_reservation(folder, number), os.O_CREAT | os.O_EXCL)
        if lock is not None:
            # Another process may have saved under this number since the folder was listed.
            if not any(folder.glob(f"{number:05d}-*")):
                break
            _release(_reservation(folder, number), lock)
        number += 1
    try:
        yield number
    finally:
        _release(_reservation(folder, number), lock)


def _number_of(path: Path) -> int:
    """Return a published file's number; files renamed by the user share the lock of number 0."""
    match = _NUMBER.match(path.name)
    return int(match[1]) if match else 0


def _reservation(folder: Path, number: int) -> Path:
    return folder / f".{number:05d}.partial"


def _partial(path: Path, number: int) -> Path:
    return path.with_name(f".{number:05d}{path.suffix}.partial")


def _claim(path: Path, flags: int = 0) -> int | None:
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


def _release(path: Path, lock: int) -> None:
    """Release a reservation: remove it, then unlock it, so that nobody mistakes it for stale."""
    if sys.platform == "win32":
        os.close(lock)
        path.unlink(missing_ok=True)
        return
    try:
        path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename(source: Path, target: Path) -> None:
    """Rename a file and sync its folder, so that the order of renames survives a crash."""
    source.replace(target)
    if sys.platform == "win32":
        return
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
