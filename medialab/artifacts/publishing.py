"""Writing a picture and its sidecar so that a reader sees both or neither, whatever happens.

One save owns a number of its day's folder through a reservation, a locked file `.00007.partial`.
Under it both files are written as `.00007.json.partial` and `.00007.png.partial` (with the
picture's own ending), forced to disk, and renamed, the sidecar first: a picture is never seen
without its sidecar. The reservation goes last. The kernel drops the lock of a killed process, so a
reservation that can be locked by another is a dead one, and `sweep` removes what it left. Files
without a reservation are a person's own and are never touched.

Limits: needs a file system with rename and flock (NFS has them). On Windows the open file stands
for the lock, since it cannot be removed while open.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PICTURES = (".png", ".jpg", ".webp")
_RESERVATION = re.compile(r"\.([0-9]+)\.partial")
# A longer one is nobody's count, and the next number would have no room in a name.
_NUMBER = re.compile(r"\.?([0-9]{1,9})[-.]")


def publish(
    folder: Path, name: str, sidecar: bytes, picture: bytes, suffix: str = PICTURES[0]
) -> Path:
    """Write `NNNNN-name.png` and its `.json` under the next free number; return the picture.

    `suffix` is one of PICTURES.

    Raises:
        OSError: nothing is left of either file.
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
    """The picture beside a sidecar, whatever its ending; the PNG it might have if there is none."""
    found = [path for suffix in PICTURES if (path := sidecar.with_suffix(suffix)).exists()]
    return next(iter(found), sidecar.with_suffix(PICTURES[0]))


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Own `path`, a published sidecar, for the block; gives what writes it anew.

    What is read within the block cannot be changed by another process before it is written.
    Readers see the old file or the new one, whole.

    Raises:
        BlockingIOError: another process is changing it.
        OSError: the old file stands as it was.
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
    """Delete a picture and its sidecar: both, or neither if either cannot go.

    The picture goes first, so that none is ever seen without its sidecar; what a killed process
    left half way, `sweep` finishes.

    Raises:
        BlockingIOError: another process is changing its sidecar.
        OSError: both files stand as they were.
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
                # A folder in a sidecar's place is none; a link goes, wherever it leads.
                if path.is_symlink() or (path.exists() and not path.is_dir()):
                    hidden.append(path)
                    _rename(path, _partial(path, number))
        except BaseException:
            for path in reversed(hidden):
                with suppress(FileNotFoundError):  # this one was not hidden yet
                    _partial(path, number).replace(path)
            raise
        for path in hidden:
            _partial(path, number).unlink(missing_ok=True)
    finally:
        _release(reservation, lock)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a day's folder; a live writer's files stay.

    So do those of a user whose files this one may not change: they are swept by their owner; and
    all of them on a disk that cannot be written.
    """
    with suppress(OSError):  # a closed folder
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
    """The next free number of a folder, nobody else's while the block runs."""
    taken = [int(match[1]) for path in folder.iterdir() if (match := _NUMBER.match(path.name))]
    number = max(taken, default=0) + 1
    while True:
        lock = _claim(_reservation(folder, number), os.O_CREAT | os.O_EXCL)
        if lock is not None:
            # Another may have finished under this number after the folder was listed.
            if not any(folder.glob(f"{number:05d}-*")):
                break
            _release(_reservation(folder, number), lock)
        number += 1
    try:
        yield number
    finally:
        _release(_reservation(folder, number), lock)


def _number_of(path: Path) -> int:
    """A published file's number; files that somebody renamed share the lock of 0."""
    match = _NUMBER.match(path.name)
    return int(match[1]) if match else 0


def _reservation(folder: Path, number: int) -> Path:
    return folder / f".{number:05d}.partial"


def _partial(path: Path, number: int) -> Path:
    return path.with_name(f".{number:05d}{path.suffix}.partial")


def _claim(path: Path, flags: int = 0) -> int | None:
    """The lock of a reservation as a file descriptor, or None when it is another's or gone."""
    try:
        lock = os.open(path, os.O_RDWR | flags, 0o666)
    except (FileExistsError, FileNotFoundError):
        return None
    if sys.platform == "win32":
        return lock
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between open and lock a sweeper may have removed the file, and a new owner made another.
        if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def _release(path: Path, lock: int) -> None:
    """Give a reservation up; removed before it is unlocked, so that nobody takes it for dead."""
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
    """Rename, and have the folder on disk before the next rename: their order survives a crash."""
    source.replace(target)
    if sys.platform == "win32":
        return
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
