"""Notes beside a model: what it is, its trained words, the weight to use it with.

A person's own are in A1111's `<model>.json`, which A1111 and its forks show and edit;
`<model>.civitai.info` is CivitAI's answer for the file's hash. Where both tell the same, the
person's own counts. What other programs keep in these files is never lost.
"""

import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

from medialab.errors import NotesError, listed, shown
from medialab.listing.info import ModelInfo, check_listed
from medialab.listing.note_files import (
    A1111,
    CIVITAI,
    Note,
    beside,
    is_there,
    read_note,
    write_note,
)

# Tags of CivitAI's descriptions that end a line; all others are left out.
_LINE_END = re.compile(r"<(?:br\s*/?|/p|/li|/h\d|/div)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
# A key in an address that someone's program called with one: it is nobody else's business.
_TOKEN = re.compile(r"(?<=[?&])token=[^&#\s]*&?", re.IGNORECASE)
# The fields of `Notes` that can be written, and their names in A1111's file.
# Source: A1111's UserMetadataEditor (modules/ui_extra_networks_user_metadata.py) and that of its
# LoRAs (extensions-builtin/Lora/ui_edit_user_metadata.py).
FIELDS: Mapping[str, str] = {
    "description": "description",
    "notes": "notes",
    "trained_words": "activation text",
    "preferred_weight": "preferred weight",
    "negative_text": "negative text",
    "sd_version": "sd version",
}
GREATEST_WEIGHT = 10.0  # as a LoRA's weight may be; either sign
_WRITING = threading.Lock()


@dataclass(frozen=True)
class Notes:
    """What the files beside a model say of it.

    Attributes:
        description: What it is, as plain text.
        notes: A person's own remarks.
        trained_words: The words it was trained on, for a prompt.
        preferred_weight: The weight to use it with; None if none is noted.
        negative_text: A text for the negative prompt.
        sd_version: What A1111 takes it to be made for, such as "SDXL".
        civitai: CivitAI's answer as it was saved; empty if there is none.
        faults: For each note that cannot be read, its name and the reason.
    """

    description: str = ""
    notes: str = ""
    trained_words: tuple[str, ...] = ()
    preferred_weight: float | None = None
    negative_text: str = ""
    sd_version: str = ""
    civitai: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What there is to read of the model: its description, and a person's remarks."""
        return tuple(dict.fromkeys(filter(None, (self.description, self.notes))))


def read_notes(path: Path) -> Notes:
    """Read the notes beside a model; without any, all fields are empty.

    Cost: reading up to two small files.
    """
    files = [beside(path, ending) for ending in (A1111, CIVITAI)]
    own, civitai = (read_note(file) for file in files)
    faults = [
        f"{file.name}: {note.fault}"
        for file, note in zip(files, (own, civitai), strict=True)
        if note.fault
    ]
    weight = own.content.get(FIELDS["preferred_weight"])
    preferred = _weight(weight)
    if preferred is None and weight not in (None, "", 0):
        faults.append(f"{files[0].name}: its preferred weight {shown(weight)} is not one")
    return Notes(
        description=_text(own.content, FIELDS["description"]) or _description(civitai),
        notes=_text(own.content, FIELDS["notes"]),
        trained_words=_own_words(own) or _civitai_words(civitai),
        preferred_weight=preferred,
        negative_text=_text(own.content, FIELDS["negative_text"]),
        sd_version=_text(own.content, FIELDS["sd_version"]),
        civitai=civitai.content,
        faults=tuple(faults),
    )


def notes_on(info: ModelInfo) -> Notes:
    """Return the notes beside a listed model; without noted words, with those of its header."""
    check_listed(info)
    noted = read_notes(info.path)
    return noted if noted.trained_words else replace(noted, trained_words=info.trained_words)


def write_notes(path: Path, changes: Mapping[str, Any]) -> Notes:
    """Change a person's own notes beside a model, and return the notes as they are then.

    They are written to A1111's file, which keeps all else that is in it. The file is written whole
    or not at all.

    Args:
        path: The model's file or folder.
        changes: New values by the fields of `Notes` in `FIELDS`; None or an empty value removes
            the person's own, so that CivitAI's counts again.

    Raises:
        NotesError: there is no such model or field, a value is not usable, or the file cannot be
            read or written; it is unchanged.
    """
    values = {FIELDS[name]: _stored(name, value) for name, value in _known(changes).items()}
    _check_is_there(path)
    file = beside(path, A1111)
    with _WRITING:
        before = read_note(file)
        if before.fault:
            message = (
                f"{file.name} cannot be read ({before.fault}), so it is not written either: mend "
                "it, or move it away"
            )
            raise NotesError(message)
        content = dict(before.content)
        for name, value in values.items():
            if value in (None, ""):
                content.pop(name, None)
            else:
                content[name] = value
        if content != before.content:
            write_note(file, content)
    return read_notes(path)


def note(info: ModelInfo, changes: Mapping[str, Any]) -> Notes:
    """Change a person's own notes on a listed model; see `write_notes`.

    Raises:
        NotesError: as `write_notes`, or the model lies in another program's folder.
    """
    check_listed(info)
    if info.program:
        message = (
            f"{info.path.name} lies in a folder of {info.program}, in which nothing is written; "
            f"note it in {info.program}, or copy the model to the studio's folder"
        )
        raise NotesError(message)
    write_notes(info.path, changes)
    return notes_on(info)


def write_civitai_info(path: Path, version: Mapping[str, Any]) -> Path:
    """Save CivitAI's answer for a model's hash beside the model, as CivitAI's helpers do.

    Names that other programs added to an older answer for the same version are kept. Keys in
    addresses are left out.

    Args:
        path: The model's file or folder.
        version: The answer of `model-versions/by-hash`, as it came.

    Returns:
        The path of the written file.

    Raises:
        NotesError: there is no such model, or the file cannot be written; it is unchanged.
    """
    _check_is_there(path)
    file = beside(path, CIVITAI)
    with _WRITING:
        before = read_note(file).content
        is_same = before.get("id") is not None and before.get("id") == version.get("id")
        added = {name: value for name, value in before.items() if name not in version}
        try:
            content = _plain({**version, **(added if is_same else {})})
        except RecursionError as error:
            message = f"{file.name} cannot be written: CivitAI's answer is nested too deeply"
            raise NotesError(message) from error
        write_note(file, content)
    return file


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if isinstance(value, str):
        return value.strip()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""


def _description(civitai: Note) -> str:
    """Return CivitAI's words on this version, else those on the model, without their HTML."""
    model = civitai.content.get("model")
    told = _text(civitai.content, "description")
    if not told and isinstance(model, Mapping):
        told = _text(model, "description")
    return text_of_html(told)


def text_of_html(told: str) -> str:
    """Return a description in HTML, as CivitAI's are, as plain text."""
    lines = unescape(_TAG.sub("", _LINE_END.sub("\n", told))).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in lines)).strip()


def _own_words(own: Note) -> tuple[str, ...]:
    return _words(_text(own.content, FIELDS["trained_words"]).split(","))


def _civitai_words(civitai: Note) -> tuple[str, ...]:
    found = civitai.content.get("trainedWords")
    return _words(found if isinstance(found, list) else [])


def _words(found: Sequence[Any]) -> tuple[str, ...]:
    return tuple(one.strip() for one in found if isinstance(one, str) and one.strip())


def _weight(value: Any) -> float | None:
    """Return a noted weight, also from a text; None for A1111's 0, and what is no weight."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        weight = float(value)
    except (ValueError, OverflowError):
        return None
    return weight if weight and abs(weight) <= GREATEST_WEIGHT else None


def _known(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in changes:
        if name not in FIELDS:
            message = f"notes have no field {shown(name)}; {listed(str(name), FIELDS)}"
            raise NotesError(message).about(str(name), FIELDS)
    return changes


def _stored(name: str, value: Any) -> str | float | None:
    """Return a field's new value as A1111's file has it.

    Raises:
        NotesError: it is of another type, or out of range.
    """
    if value is None or value == "":
        return None
    if name == "preferred_weight":
        if isinstance(value, int | float) and value == 0:
            return None
        if isinstance(value, str) or (weight := _weight(value)) is None or math.isnan(weight):
            message = (
                f"preferred_weight is {shown(value)}; give a number from {-GREATEST_WEIGHT:g} to "
                f"{GREATEST_WEIGHT:g}, or None"
            )
            raise NotesError(message).about(name)
        return weight
    if name == "trained_words" and isinstance(value, list | tuple):
        words = [one.strip() for one in value if isinstance(one, str)]
        if len(words) == len(value):
            return ", ".join(filter(None, words))
    elif isinstance(value, str):
        return value.strip()
    message = f"{name} is {shown(value)}; give a text, or None"
    raise NotesError(message).about(name)


def _check_is_there(path: Path) -> None:
    if not is_there(path):
        message = f"there is no model {path.name} any more; nothing was written"
        raise NotesError(message)


def _plain(value: Any) -> Any:
    """Return a copy of JSON without keys in its addresses, and with null for NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return _TOKEN.sub("", value).rstrip("?&") if _TOKEN.search(value) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
