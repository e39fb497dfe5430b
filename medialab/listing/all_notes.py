"""The notes beside thousands of models, read again only where a file has changed."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from medialab.files.hashes import Stamp
from medialab.listing.info import ModelInfo
from medialab.listing.note_files import A1111, CIVITAI
from medialab.listing.notes import Notes, notes_on

_Entries = Mapping[str, "os.DirEntry[str]"]


class AllNotes:
    """The notes on listed models. Not thread-safe."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[Stamp, ...], Notes]] = {}

    def read(self, infos: Iterable[ModelInfo]) -> dict[Path, Notes]:
        """Return the notes on each model by its path, as `notes_on` does.

        Cost: listing each folder with a model once, one stat a note, and reading those that are new
        or changed.
        """
        folders: dict[Path, _Entries] = {}
        found: dict[Path, Notes] = {}
        known, self._known = self._known, {}
        for info in infos:
            folder = info.path.parent
            if folder not in folders:
                folders[folder] = _entries(folder)
            stamps = _stamps(info.path, folders[folder])
            if not stamps:
                found[info.path] = Notes(trained_words=info.trained_words)
                continue
            before = known.get(info.path)
            notes = before[1] if before and before[0] == stamps else notes_on(info)
            if all(stamp.is_settled() for stamp in stamps):
                self._known[info.path] = stamps, notes
            found[info.path] = notes
        return found


def _stamps(path: Path, entries: _Entries) -> tuple[Stamp, ...]:
    """Return the stamps of a model's notes; none if it has none."""
    name = path.name
    is_folder = name in entries and entries[name].is_dir()
    stem = name if is_folder else os.path.splitext(name)[0]  # noqa: PTH122 - for thousands
    stamps = []
    for ending in (A1111, CIVITAI):
        if (entry := entries.get(stem + ending)) is not None:
            with suppress(OSError):
                stamps.append(Stamp.of(entry.stat()))
    return tuple(stamps)


def _entries(folder: Path) -> _Entries:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError:  # a folder that cannot be read has no notes
        return {}
