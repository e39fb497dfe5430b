"""What files say, read again only after a change of them: each run asks often."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from medialab.files.hashes import Stamp
from medialab.listing.folders import stamp_of

T = TypeVar("T")


def unchanged(read: Callable[[Path], T], path: Path, files: Sequence[Path]) -> T:
    """Return what `read` returns of a path, from before if none of the files has changed since.

    Args:
        read: A function of a module, which is the same at each call.
        path: What it is given.
        files: The files that decide what it returns; one that is not there may appear.

    Returns:
        Its result, which nobody may change.
    """
    try:
        stamps = tuple(map(stamp_of, files))
    except OSError:
        return read(path)
    if not all(one.is_settled() for one in stamps):
        return read(path)
    found: T = _read(read, path, stamps)
    return found


@lru_cache(256)
def _read(read: Callable[[Path], Any], path: Path, _stamps: tuple[Stamp, ...]) -> Any:
    return read(path)
