"""What others wrote beside a model's file: the sha256 it should have, what it was trained on.

Read are `<model>.civitai.info` (CivitAI's answer for a hash, as its helpers keep it),
`<model>.json` (A1111's own notes; other tools add hashes) and `<model>.sha256` (as sha256sum writes
it). A note that is broken says nothing; one that names another sha256 than the file's is believed.
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
    """Refuse a file that is another one than a note beside it says.

    Cost: up to three small files.

    Raises:
        ModelRefusedError: a note names other sha256s, and not this one.
    """
    for note, known in _told(path):
        if known and sha256.lower() not in known:
            message = (
                f"{path.name} is not the file that {note.name} speaks of: its sha256 is "
                f"{sha256[:10]}…, the note says {min(known)[:10]}…. Get the model again, or "
                f"delete {note.name} if the file is the right one"
            )
            raise ModelRefusedError(message)


def hashes_noted(path: Path) -> set[str]:
    """Return the sha256s that notes beside a file give, in small letters."""
    return {sha256 for _, known in _told(path) for sha256 in known}


def trained_words(path: Path) -> tuple[str, ...]:
    """The words that notes beside a file give: a person's own, else CivitAI's."""
    own = _read(_beside(path, A1111)).get("activation text")
    if isinstance(own, str) and own.strip():
        return tuple(word.strip() for word in own.split(",") if word.strip())
    told = _list_in(_read(_beside(path, CIVITAI)), "trainedWords")
    return tuple(word.strip() for word in told if isinstance(word, str) and word.strip())


def _told(path: Path) -> Iterator[tuple[Path, set[str]]]:
    """Each note that may name hashes, and those it names, in lower case."""
    for ending in (CIVITAI, A1111):
        note = _beside(path, ending)
        yield note, {found.lower() for found in _hashes_in(_read(note))}
    note = _beside(path, SHA256)
    yield note, {found.lower() for found in _SHA256.findall(_text(note))}


def _hashes_in(note: Mapping[str, Any]) -> Iterator[str]:
    """What is called sha256 in a note, at its top, among its hashes, or among its files' hashes."""
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


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.stem + ending)


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
