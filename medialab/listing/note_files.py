"""The files beside a model that hold notes: their names, read as other programs write them.

They are `<model>.civitai.info` (CivitAI's answer for a hash, as its helpers save it),
`<model>.json` (A1111's own notes; other tools add hashes) and `<model>.sha256` (as sha256sum writes
it). For a model's folder they lie beside the folder, and begin with its whole name.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medialab.errors import NotesError
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole

CIVITAI, A1111, SHA256 = ".civitai.info", ".json", ".sha256"
LARGEST_NOTE = 4 * 2**20  # bytes; CivitAI's answers have some 50 kB


class Note(NamedTuple):
    """The content of a note file.

    Attributes:
        content: Its JSON object; empty if there is none.
        fault: Why it cannot be read, for a sentence; "" if it can, or does not exist.
    """

    content: Mapping[str, Any]
    fault: str = ""


def stem_of(path: Path) -> str:
    """Return what the names of the files beside a model begin with."""
    return path.name if path.is_dir() else path.stem


def beside(path: Path, ending: str) -> Path:
    """Return the path of a file beside a model."""
    return path.with_name(stem_of(path) + ending)


def read_note(file: Path) -> Note:
    """Read the JSON object of a note file, in any encoding of Unicode, with or without its mark.

    A file of another kind, such as a damaged or a far too large one, is no error: see `Note.fault`.
    """
    try:
        content = read_regular(file, LARGEST_NOTE)
        found = json.loads(content.decode(json.detect_encoding(content))) if content else {}
    except FileNotFoundError:
        return Note({})
    except (OSError, ValueError, RecursionError) as error:
        return Note({}, _fault(error))
    if not isinstance(found, dict):
        return Note({}, "it is JSON, but not an object with names")
    return Note(found)


def _fault(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    if isinstance(error, UnicodeDecodeError):
        return "its text is not Unicode"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not valid JSON (line {error.lineno}: {error.msg})"
    return "it is not valid JSON"  # a number of thousands of digits; thousands of levels


def note_text(file: Path) -> str:
    """Return the text of a note file, in any encoding of Unicode; "" if it cannot be read."""
    try:
        content = read_regular(file, LARGEST_NOTE)
    except OSError:
        return ""
    return content.decode(json.detect_encoding(content), errors="replace")


def write_note(file: Path, content: Mapping[str, Any]) -> None:
    """Write a note file as A1111 does: UTF-8, four blanks of indent.

    Raises:
        NotesError: it cannot be written; an older one is unchanged.
    """
    try:
        text = json.dumps(content, indent=4, ensure_ascii=False)
        try:
            whole = text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
            whole = json.dumps(content, indent=4).encode()
    except (TypeError, ValueError, RecursionError) as error:
        message = f"{file.name} cannot be written: its content is not JSON ({error})"
        raise NotesError(message) from error
    if len(whole) > LARGEST_NOTE:
        message = (
            f"{file.name} cannot be written: it would have {len(whole):,} bytes, at most "
            f"{LARGEST_NOTE:,} are read"
        )
        raise NotesError(message)
    try:
        write_whole(file, whole, private=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{file.name} cannot be written ({reason}); check the disk and the folder"
        raise NotesError(message) from error


def is_there(path: Path) -> bool:
    """Return whether a model's file or folder exists; a broken link does not."""
    return os.path.exists(path)  # noqa: PTH110 - False for names that Path refuses
