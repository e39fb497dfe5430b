"""Downloads that an earlier process has left unfinished, found by their parts."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medialab.errors import RemoteNotFoundError
from medialab.files.regular import read_regular
from medialab.listing.info import KIND_FOLDERS
from medialab.remote.folders import FACTS as FOLDER_FACTS
from medialab.remote.listings import RemoteFile, RemoteVersion
from medialab.remote.parts import LARGEST_FACTS, PART, read_facts
from medialab.remote.sources import open_source


@dataclass(frozen=True)
class Unfinished:
    """An unfinished download; `bench.download(it)` goes on with it.

    Attributes:
        name: The name that the file or folder will have.
        kind: The kind of model; "" if only the content will tell.
        done: Bytes that are there.
        total: Bytes of the whole; None if unknown.
        source: The source's name.
        release: The key of the version.
        file: The key of the file; "" for a folder.
        path: The part.
    """

    name: str
    kind: str
    done: int
    total: int | None
    source: str
    release: str
    file: str
    path: Path

    def find(self) -> RemoteVersion | RemoteFile:
        """Ask the source for what it is a part of.

        Raises:
            ConfigError: there is no such source any more.
            RemoteError: the source cannot be reached, or has it no longer.
        """
        version = open_source(self.source).version(self.release)
        if not self.file:
            return version
        for file in version.files:
            if file.key == self.file:
                return file
        raise RemoteNotFoundError(f"{self.name}: {version.source.title} has this file no longer")


def find_unfinished(models: Path) -> list[Unfinished]:
    """Return the unfinished downloads in a models folder. Cost: listing its kinds' folders."""
    places = [("", models), *((kind, models / name) for name, kind in KIND_FOLDERS.items())]
    return [one for kind, folder in places for one in _in(folder, kind)]


def _in(folder: Path, kind: str) -> Iterator[Unfinished]:
    paths: list[Path] = []
    with suppress(OSError):  # a folder that is not there, or cannot be read
        paths = sorted(folder.glob(f"*{PART}"))
    for path in paths:
        with suppress(OSError):  # finished or deleted meanwhile, or its links are circular
            if (found := _at(path, kind)) is not None:
                yield found


def _at(path: Path, kind: str) -> Unfinished | None:
    """Return the unfinished download at a path; None if it is none of ours.

    Raises:
        OSError: it is gone, or cannot be looked at.
    """
    is_folder = path.is_dir()
    facts = _of_folder(path) if is_folder else read_facts(path)
    source, release, file = (facts.get(name) for name in ("source", "release", "file"))
    if not isinstance(source, str) or not isinstance(release, str):
        return None
    total = facts.get("size")
    return Unfinished(
        name=path.name.removeprefix("." if is_folder else "").removesuffix(PART),
        kind=kind,
        done=_size(path),
        total=total if isinstance(total, int) else None,
        source=source,
        release=release,
        file=file if isinstance(file, str) and not is_folder else "",
        path=path,
    )


def _of_folder(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(read_regular(path / FOLDER_FACTS, LARGEST_FACTS, follow=False))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _size(path: Path) -> int:
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(one.stat().st_size for one in files if not one.name.startswith("."))
