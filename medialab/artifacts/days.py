"""The folders of days in an outputs folder, and the pictures in each; what cannot be told is named.

Nothing here fails for one bad entry: a file named like a day, a closed folder, a pipe in the place
of a sidecar or a name that is no text is left out with its reason, and all others are found.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from medialab.artifacts.publishing import PICTURES
from medialab.errors import ArtifactError

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LeftOut(NamedTuple):
    """A file or folder that is not listed, and why."""

    path: Path
    reason: str


class Pair(NamedTuple):
    """A picture and its sidecar."""

    picture: Path
    sidecar: Path


def days_in(outputs: Path) -> tuple[Mapping[str, int], list[LeftOut]]:
    """The folders of days by name, with the time of their last change in nanoseconds.

    Raises:
        ArtifactError: the outputs folder itself cannot be looked into.
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
    """The pictures of a day's folder, each with its sidecar, by name.

    One picture a sidecar: a copy in another format beside it is a person's own. What begins with a
    dot is a writer's.
    """
    try:
        names = {name for name in os.listdir(day) if not name.startswith(".")}  # noqa: PTH208
    except OSError as error:
        return [], [LeftOut(day, _reason(error))]
    pairs: list[Pair] = []
    left_out: list[LeftOut] = []
    for name in sorted(names):
        if not name.endswith(".json"):
            continue
        sidecar = day / name
        found = [path for suffix in PICTURES if (path := sidecar.with_suffix(suffix)).name in names]
        if not found:
            continue  # whose picture a person moved
        if not _is_text(name):
            left_out.append(LeftOut(found[0], "its name is not valid UTF-8; rename it"))
        elif not found[0].is_file():
            left_out.append(LeftOut(found[0], "it is not a regular file"))
        else:
            pairs.append(Pair(found[0], sidecar))
    return pairs, left_out


def may(path: Path, what: int) -> bool:
    """Whether this process has those rights (`os.R_OK` and its kin) to a folder."""
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def _is_text(name: str) -> bool:
    """Whether a name can be written down: bytes that are no UTF-8 come as half characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}"
