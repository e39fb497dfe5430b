"""Which stored pictures are still in use: named in sidecars, infotexts or any file of settings."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from medialab.artifacts.days import PICTURES
from medialab.artifacts.embedded import text_in
from medialab.errors import ArtifactError, PictureError
from medialab.files.regular import NotRegularError, open_regular

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SETTINGS = (".json", ".jsonl", ".csv", ".txt", ".yaml", ".yml")
_PIECE = 2**20  # bytes read at once
_LONGEST = 66  # bytes: a name and one character on each side of it
# Folders of outputs that hold no settings: the pictures themselves, and caches.
_OTHERS = frozenset({"inputs", "cache", "thumbnails"})


def pictures_needed(outputs: Path) -> set[str]:
    """Return the names of all stored pictures that files in an outputs folder refer to.

    A name counts wherever it stands in a file, so damaged sidecars and those of newer versions are
    covered. For a picture without a sidecar its infotext is read.

    Raises:
        ArtifactError: a file or folder cannot be read, so that the answer would be incomplete.
    """
    found: set[bytes] = set()
    try:
        for path in _files(outputs):
            if path.suffix in _SETTINGS:
                found |= _names_in(path)
            elif path.suffix in PICTURES and not path.with_suffix(".json").exists():
                try:
                    text = text_in(path, path.name) or ""
                except PictureError:  # not a readable picture: it refers to nothing
                    continue
                found.update(_NAME.findall(text.encode("utf-8", "replace")))
    except OSError as error:
        raise ArtifactError(f"cannot tell which pictures are needed: {error}") from error
    return {name.decode() for name in found}


def _files(outputs: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for folder, folders, names in os.walk(outputs, onerror=fail):
        if Path(folder) == outputs:
            folders[:] = [name for name in folders if name not in _OTHERS]
        yield from (Path(folder, name) for name in names)


def _names_in(path: Path) -> set[bytes]:
    """Return all names in a file; none if it is not a regular file or was deleted."""
    found: set[bytes] = set()
    try:
        with open_regular(path) as file:
            rest = b""
            while piece := file.read(_PIECE):
                content = rest + piece
                found.update(_NAME.findall(content))
                rest = content[-_LONGEST:]
    except (NotRegularError, FileNotFoundError):
        return set()
    return found
