"""The day folders in an outputs folder, and the pictures in each.

One bad entry does not stop the listing: a file named like a day, an unreadable folder, a pipe in
place of a sidecar or a name that is not valid text is left out with the reason, the rest is listed.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ArtifactError

PICTURES = (".png", ".jpg", ".webp")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LeftOut(NamedTuple):
    """A file or folder that is not listed, and why."""

    path: Path
    reason: str


class Pair(NamedTuple):
    """A picture's name and the entry of its sidecar in their folder, of which nothing is read."""

    name: str
    sidecar: "os.DirEntry[str]"

    @property
    def picture(self) -> Path:
        """The picture's path."""
        return Path(self.sidecar.path).with_name(self.name)


def days_in(outputs: Path) -> tuple[Mapping[str, int], list[LeftOut]]:
    """Return the day folders of an outputs folder.

    Returns:
        The time of each folder's last change, in nanoseconds since 1970, by its name, and what was
        left out.

    Raises:
        ArtifactError: the outputs folder itself cannot be read.
    """
    days: dict[str, int] = {}
    left_out: list[LeftOut] = []
    try:
        names = [name for name in os.listdir(outputs) if DAY.fullmatch(name)]  # noqa: PTH208 - names
    except OSError as error:
        raise ArtifactError(
            f"the outputs folder {outputs} cannot be read ({error.strerror}); "
            "change its permissions, or choose another"
        ) from error
    for name in names:
        path = outputs / name
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            left_out.append(LeftOut(path, _reason(error)))
            continue
        if not path.is_dir():
            left_out.append(LeftOut(path, "it is named like a day, but is not a folder"))
        elif not may(path, os.R_OK | os.X_OK):
            left_out.append(LeftOut(path, "you have no permission to read the folder"))
        else:
            days[name] = changed
    return days, left_out


def pairs_in(day: Path) -> tuple[list[Pair], list[LeftOut]]:
    """Return the pictures in a day's folder with their sidecars, sorted by name, and the left out.

    A sidecar has one picture: a copy of it in another format is the user's own file. Names that
    begin with a dot are files still being written.

    Cost: some 2 µs a picture, none of which is looked at: the first search after a save does it.
    """
    try:
        with os.scandir(day) as entries:
            there = {one.name: one for one in entries if not one.name.startswith(".")}
    except OSError as error:
        return [], [LeftOut(day, _reason(error))]
    pairs: list[Pair] = []
    left_out: list[LeftOut] = []
    for name in sorted(there):
        if not name.endswith(".json"):
            continue
        stem = name.removesuffix(".json")
        picture = next((there[stem + one] for one in PICTURES if stem + one in there), None)
        if picture is None:
            continue  # the user has moved its picture
        if not _is_text(name):
            reason = "its name is not valid UTF-8; rename it"
            left_out.append(LeftOut(day / picture.name, reason))
        elif not _is_file(picture):
            left_out.append(LeftOut(day / picture.name, "it is not a regular file"))
        else:
            pairs.append(Pair(picture.name, there[name]))
    return pairs, left_out


def picture_of(sidecar: Path) -> Path:
    """Return the picture of a sidecar, whatever its extension; the `.png` name if none exists."""
    found = [path for suffix in PICTURES if (path := sidecar.with_suffix(suffix)).exists()]
    return next(iter(found), sidecar.with_suffix(PICTURES[0]))


def may(path: Path, rights: int) -> bool:
    """Return whether this process has rights (`os.R_OK`, `os.W_OK`, `os.X_OK`) to a folder."""
    return os.access(path, rights, effective_ids=os.access in os.supports_effective_ids)


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # a circular link
        return False


def _is_text(name: str) -> bool:
    """Return whether a name is valid Unicode: Python reads other bytes as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}"
