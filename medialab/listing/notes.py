"""Notes beside a model's file: the SHA-256 that it should have, and its trigger words.

They are `<model>.civitai.info` (CivitAI's answer for a hash, as its helpers save it),
`<model>.json` (A1111's own notes; other tools add hashes) and `<model>.sha256` (as sha256sum writes
it). A damaged note is ignored; one with another SHA-256 than the file's counts against the file.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.regular import read_regular

CIVITAI, A1111, SHA256 = ".civitai.info", ".json", ".sha256"
_SHA256 = re.compile(r"\b[0-9a-fA-F]{64}\b")
LARGEST_NOTE = 4 * 2**20  # bytes; CivitAI's answers have some 50 kB


def refuse_other(path: Path, sha256: str) -> None:
    """Refuse a file whose hash differs from a note beside it.

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


def trained_words(path: Path) -> tuple[str, ...]:
    """Return the trigger words in notes beside a file: the user's own, else CivitAI's."""
    own = _read(_beside(path, A1111)).get("activation text")
    if isinstance(own, str) and own.strip():
        return tuple(word.strip() for word in own.split(",") if word.strip())
    words = _list_in(_read(_beside(path, CIVITAI)), "trainedWords")
    return tuple(word.strip() for word in words if isinstance(word, str) and word.strip())


def _noted_hashes(path: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each note that may contain hashes, with its hashes in lower case."""
    for suffix in (CIVITAI, A1111):
        note = _beside(path, suffix)
        yield note, {found.lower() for found in _hashes_in(_read(note))}
    note = _beside(path, SHA256)
    yield note, {found.lower() for found in _SHA256.findall(_text(note))}


def _hashes_in(note: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of "sha256" in a note: at the top, in its hashes or in its files' hashes."""
    for part in (note, *_list_in(note, "files")):
        if isinstance(part, Mapping):
            hashes = part.get("hashes")
            for group in (part, hashes if isinstance(hashes, Mapping) else {}):
                for name, value in group.items():
                    if name.lower() == "sha256" and _SHA256.fullmatch(str(value)):
                        yield str(value)


def _list_in(note: Mapping[str, Any], name: str) -> list[Any]:
    found = note.get(name)
    return found if isinstance(found, list) else []


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.stem + suffix)


def _read(note: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(note) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(note: Path) -> str:
    try:
        return read_regular(note, LARGEST_NOTE).decode("utf-8", errors="replace")
    except OSError:
        return ""
