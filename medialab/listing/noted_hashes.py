"""The SHA-256 that a model's file should have, by the notes beside it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.listing.note_files import A1111, CIVITAI, SHA256, beside, note_text, read_note

_SHA256 = re.compile(r"\b[0-9a-fA-F]{64}\b")


def refuse_other(path: Path, sha256: str) -> None:
    """Refuse a file whose hash differs from a note beside it.

    A damaged note says nothing.

    Args:
        path: The model's file.
        sha256: Its SHA-256.

    Cost: reading up to three small files.

    Raises:
        ModelRefusedError: a note gives other hashes, and not this one.
    """
    for note, known in _noted_hashes(path):
        if known and sha256.lower() not in known:
            message = (
                f"{path.name} is not the file that {note.name} describes: its sha256 is "
                f"{sha256[:10]}…, the note says {min(known)[:10]}…. Get the model again, or "
                f"delete {note.name} if the file is the right one"
            )
            raise ModelRefusedError(message)


def hashes_noted(path: Path) -> set[str]:
    """Return the SHA-256 hashes in notes beside a file, in lower case."""
    return {sha256 for _, known in _noted_hashes(path) for sha256 in known}


def _noted_hashes(path: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each note that may contain hashes, with its hashes in lower case."""
    for ending in (CIVITAI, A1111):
        note = beside(path, ending)
        yield note, {found.lower() for found in _hashes_in(read_note(note).content)}
    note = beside(path, SHA256)
    yield note, {found.lower() for found in _SHA256.findall(note_text(note))}


def _hashes_in(note: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of "sha256" in a note: at the top, in its hashes or in its files' hashes."""
    files = note.get("files")
    for part in (note, *(files if isinstance(files, list) else ())):
        if isinstance(part, Mapping):
            hashes = part.get("hashes")
            for group in (part, hashes if isinstance(hashes, Mapping) else {}):
                for name, value in group.items():
                    if name.lower() == "sha256" and _SHA256.fullmatch(str(value)):
                        yield str(value)
