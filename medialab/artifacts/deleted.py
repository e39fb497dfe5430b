"""The bin: deleted pictures, each with its sidecar, until they are restored or removed for good.

A picture of `outputs/2026-11-22` is moved to `outputs/bin/2026-11-22` under its own name: both
files or neither. Deleting moves the picture first and restoring moves it last, so that no picture
ever appears in a day's folder without its sidecar; `complete` finishes what was killed in between.
"""

import errno
import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path

from medialab.artifacts.days import PICTURES
from medialab.artifacts.reservations import BIN, bin_of, highest, rename, reserved
from medialab.errors import ArtifactError

_REMEMBERED = ".{:05d}.gone"  # an empty file: the highest number that was removed from this folder


class Bin:
    """The bin of one outputs folder; it is made by the first deletion."""

    def __init__(self, outputs: Path) -> None:
        self._outputs = outputs
        self.folder = outputs / BIN

    def put(self, picture: Path) -> Path:
        """Move a picture and its sidecar to the bin; return the picture's path there.

        Raises:
            BlockingIOError: another process is changing its sidecar.
            OSError: one cannot be moved; both are where they were.
        """
        folder = self.folder / picture.parent.relative_to(self._outputs)
        _make(folder)
        with reserved(picture):
            there = _free_path(folder, picture)
            _move([(one, there.with_suffix(one.suffix)) for one in _files_of(picture)])
        mark = there.with_suffix(".json")
        with suppress(OSError):  # then the time of its move counts, where the disk notes it
            os.utime(mark if mark.is_file() else there)
        return there

    def take(self, picture: Path) -> Path:
        """Move a picture and its sidecar from the bin to where they were; return the path there.

        Raises:
            BlockingIOError: another process is changing that picture.
            ArtifactError: a file of that name is there.
            OSError: one cannot be moved; both are still in the bin.
        """
        there = self._outputs / picture.relative_to(self.folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        with reserved(there):
            targets = [there.with_suffix(one.suffix) for one in _files_of(picture)]
            for path in (*targets, *(there.with_suffix(suffix) for suffix in PICTURES)):
                if os.path.lexists(path):
                    name = path.relative_to(self._outputs)
                    raise ArtifactError(f"{name} exists; rename or move it, then restore again")
            _move([(one, there.with_suffix(one.suffix)) for one in reversed(_files_of(picture))])
        return there

    def empty(self, before: float | None = None, only: Collection[Path] | None = None) -> int:
        """Remove pictures for good; return how many.

        Args:
            before: Seconds since 1970; pictures deleted later stay. None: whenever deleted.
            only: Paths of the pictures to remove; None for all.

        Raises:
            OSError: a file cannot be removed; those before it are gone.
        """
        removed = 0
        for folder in sorted(path for path in (self.folder, *self.folder.rglob("*")) if _is(path)):
            found = [
                path
                for path in _pictures_in(folder)
                if (only is None or path in only)
                and (before is None or _deleted_at(path) <= before)
            ]
            if not found:
                continue
            _remember(folder)
            for picture in found:
                for path in _files_of(picture):
                    path.unlink(missing_ok=True)
                removed += 1
        return removed


def complete(sidecar: Path) -> bool:
    """Finish the deletion of a sidecar whose picture is in the bin; return whether it is there."""
    for picture in bin_of(sidecar.parent).glob(f"{escape(sidecar.stem)}*"):
        is_its = re.fullmatch(rf"{re.escape(sidecar.stem)}(-[0-9]+)?", picture.stem)
        target = picture.with_suffix(".json")
        if picture.suffix in PICTURES and is_its and not os.path.lexists(target):
            rename(sidecar, target)
            return True
    return False


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != folder:  # a picture would leave the outputs folder
        raise OSError(errno.ELOOP, f"{folder} is a link, or in one; replace it by a folder")


def _is(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _pictures_in(folder: Path) -> Iterable[Path]:
    """Return the pictures in a folder of the bin, and sidecars that have none."""
    names = {path for path in folder.iterdir() if not path.name.startswith(".")}
    pictures = sorted(path for path in names if path.suffix in PICTURES)
    with_one = {path.with_suffix("") for path in pictures}
    alone = (path for path in names if path.suffix == ".json")
    return [*pictures, *sorted(path for path in alone if path.with_suffix("") not in with_one)]


def _files_of(picture: Path) -> Sequence[Path]:
    """Return a picture and its sidecar if it has one, the picture first.

    A folder in place of a sidecar stays; a link is moved, whatever it points to.
    """
    files = dict.fromkeys((picture, picture.with_suffix(".json")))
    return [path for path in files if path.is_symlink() or (path.exists() and not path.is_dir())]


def _free_path(folder: Path, picture: Path) -> Path:
    """Return the path for a picture in a folder of the bin that overwrites nothing there."""
    count, stem = 1, picture.stem
    while any(os.path.lexists(folder / f"{stem}{suffix}") for suffix in (".json", *PICTURES)):
        count += 1
        stem = f"{picture.stem}-{count}"
    return folder / f"{stem}{picture.suffix}"


def _move(moves: Sequence[tuple[Path, Path]]) -> None:
    """Rename files in turn; if one fails, undo those before it."""
    begun: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            begun.append((source, target))
            rename(source, target)
    except BaseException:
        for source, target in reversed(begun):
            with suppress(FileNotFoundError):  # it was not renamed yet
                target.replace(source)
        raise


def _deleted_at(picture: Path) -> float:
    """Return when a picture was deleted, in seconds since 1970."""
    sidecar = picture.with_suffix(".json")
    status = os.lstat(sidecar if os.path.lexists(sidecar) else picture)
    return max(status.st_mtime, status.st_ctime)


def _remember(folder: Path) -> None:
    """Leave the highest number of a folder in it, so that it is never given again."""
    number = highest(folder)
    if number:
        mark = folder / _REMEMBERED.format(number)
        mark.touch()
        for other in folder.glob(".*.gone"):
            if other != mark:
                other.unlink(missing_ok=True)
