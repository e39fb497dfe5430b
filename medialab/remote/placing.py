"""Where a download goes: a folder of `models/` by its kind, under a name that no other file has."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medialab.errors import DownloadError
from medialab.files.hashes import HashCache
from medialab.files.whole import name_once
from medialab.listing.info import FOLDER_OF_KIND
from medialab.remote.names import numbered
from medialab.remote.parts import PART

_MOST_NAMES = 1000
_ROUNDED = 1024  # bytes
# LoRAs of one recipe often have the same size: to read them all would take longer than a download.
MOST_HASHED = 8


def folder_of(models: Path, kind: str) -> Path:
    """Return the folder of a kind in the models folder, and make it.

    Args:
        models: The models folder.
        kind: The kind; "" for the models folder itself, where a file waits until its kind is known.

    Raises:
        DownloadError: it is a link, which could lead into another program's folder, or cannot be
            made.
    """
    root = models.resolve()
    folder = root / FOLDER_OF_KIND[kind] if kind else root
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_inside = folder.resolve(strict=True) == folder
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DownloadError(f"{folder.name} cannot be made in {root}: {reason}") from error
    if not is_inside:
        message = (
            f"models/{folder.name} is a link to {folder.resolve()}; downloads are written inside "
            "the models folder only. Put a folder in place of the link, and add the other as a "
            "further models folder"
        )
        raise DownloadError(message)
    return folder


def same_as(
    paths: Iterable[Path],
    size: int,
    sha256: str,
    hashes: HashCache,
    step: Callable[[int], object] = lambda _: None,
) -> Path | None:
    """Return the file with this content; None if none is found.

    Args:
        paths: The files to look at.
        size: The size in bytes. Sources list it in kilobytes, so that it may be rounded: files of
            about this size are compared if their hash is known; of exactly this size, MOST_HASHED
            are read.
        sha256: The SHA-256 to look for.
        hashes: The hashes that are known, and those that become so.
        step: Called often while a file is read; may raise to give up.

    Cost: one stat a file, and reading the few.
    """
    unknown = []
    for path in paths:
        with suppress(OSError):  # gone or not readable: it is not found
            there = path.stat().st_size
            if abs(there - size) <= _ROUNDED:
                if (known := hashes.known(path)) == sha256:
                    return path
                if known is None and there == size:
                    unknown.append(path)
    for path in unknown[:MOST_HASHED]:
        with suppress(OSError):
            if hashes.digests(path, step).sha256 == sha256:
                return path
    return None


def put(part: Path, folder: Path, name: str) -> Path:
    """Give a finished file its name, in one step, and never over another file.

    Args:
        part: The file.
        folder: Where it goes.
        name: Its name; numbered if that is taken.

    Returns:
        Its path.

    Raises:
        OSError: it cannot be moved; it stays where it was.
    """
    if part.stat().st_dev != folder.stat().st_dev:
        part = _brought(part, folder)
    for number in range(1, _MOST_NAMES):
        target = folder / numbered(name, number)
        if name_once(part, target):
            _sync(folder)
            return target
    message = f"{folder.name} has {_MOST_NAMES} files of the name {name}; rename some"
    raise DownloadError(message)


def _brought(part: Path, folder: Path) -> Path:
    """Move a part to another disk, hidden, so that it can get its name there in one step."""
    brought = folder / f".{part.name}"
    try:
        shutil.copyfile(part, brought)
        with brought.open("rb+") as file:
            os.fsync(file.fileno())
    except BaseException:
        brought.unlink(missing_ok=True)
        raise
    part.unlink()
    return brought


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the whole files in a folder and below it, without hidden ones."""
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        yield from (Path(place, one) for one in names if _is_whole(one))


def _sync(folder: Path) -> None:
    """Force a folder's names to the disk, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _is_whole(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(PART)


@contextmanager
def disk_told(name: str, where: str) -> Iterator[None]:
    """Turn errors of the disk within the block into one that says what to do.

    Args:
        name: What is written.
        where: The folder, as the message names it.

    Raises:
        DownloadError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = (
            f"{name} cannot be written to {where} ({reason}); free the disk or change its "
            "permissions, then download it again: what came is kept"
        )
        raise DownloadError(message) from error
