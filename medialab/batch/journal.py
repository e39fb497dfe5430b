"""The journal of a batch: what was asked for, and what has become of each picture so far.

    outputs/batches/<name>/request.json    what was asked for; written once
    outputs/batches/<name>/journal.jsonl   a line for each picture and state; only ever appended

Each line is forced to the disk before the next picture begins. A process that is killed leaves at
most one torn line at the end, which is no line; one process at a time appends.
"""

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from medialab.errors import BatchError, shown
from medialab.files.locks import try_lock
from medialab.files.whole import UNFINISHED, name_once

VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,98}[A-Za-z0-9_-])?")
# Windows keeps these for devices, whatever follows a dot.
_DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_LEADS_OUT = re.compile(r"^[/\\]|(?:^|[/\\])\.\.(?:[/\\]|$)|^[A-Za-z]:")
# What may differ between two requests for the same pictures.
_UNCOMPARED = ("created", "versions", "drawn_seed")
_MOST_DIFFERENCES = 5  # told in a message


def check_name(name: str) -> str:
    """Return the name of a batch, which is also its folder's.

    Raises:
        BatchError: it is not safe as a folder's name on every system.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = (
            f"a batch cannot be named {shown(name)}; use up to 100 letters (a to z), digits, "
            "spaces, dots, hyphens and underscores, beginning with a letter or a digit"
        )
        raise BatchError(message)
    if _DEVICES.fullmatch(name):
        message = f"a batch cannot be named {shown(name)}, which Windows keeps for a device"
        raise BatchError(message)
    return name


class Journal:
    """The request and the journal in one folder.

    Args:
        folder: the batch's folder; made by `begin`.

    Attributes:
        rows: how many rows the batch has; lines of others are not this journal's. None if unknown.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: int | None = None
        self.request_file = folder / "request.json"
        self.file = folder / "journal.jsonl"

    @property
    def exists(self) -> bool:
        """Whether a request is there."""
        return self.request_file.is_file()

    def begin(
        self,
        request: Mapping[str, Any],
        as_now: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> Mapping[str, Any]:
        """Write the request; if one is there, compare it, and return that one.

        Of several processes that begin a batch at the same moment, one writes its request, and the
        others find that.

        Args:
            request: plain values. Those that do not say which pictures are wanted (`created`,
                `versions`, `drawn_seed`) may differ from what is there.
            as_now: Returns a request that is there as this program would write it: one of an older
                program lacks the settings that came later.

        Raises:
            BatchError: another request has this name, and the message names what differs; or the
                folder cannot be written.
        """
        request = json.loads(json.dumps({"version": VERSION, **request}))
        if not self.exists and self._write(request):
            return request
        there = self.request()
        if different := sorted(_differences("", _compared(as_now(there)), _compared(request))):
            told = "; ".join(different[:_MOST_DIFFERENCES])
            more = len(different) - _MOST_DIFFERENCES
            message = (
                f"the batch {self.folder.name!r} was begun with other settings: {told}"
                f"{f'; and {more} more' if more > 0 else ''}. Choose another name"
            )
            raise BatchError(message)
        return there

    def request(self) -> dict[str, Any]:
        """Return the request that is there.

        Raises:
            BatchError: there is none, or it cannot be read.
        """
        try:
            found = json.loads(self.request_file.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            message = f"the request of the batch {self.folder.name!r} cannot be read ({error})"
            raise BatchError(message) from error
        if not isinstance(found, dict) or found.get("version") != VERSION:
            given = found.get("version") if isinstance(found, dict) else None
            message = (
                f"the batch {self.folder.name!r} is of version {given!r}, this program reads "
                f"{VERSION}; open it with the program that made it"
            )
            raise BatchError(message)
        return found

    def states(self) -> dict[int, dict[str, Any]]:
        """Return the last line of each row: `row`, `state`, and its facts.

        Raises:
            BatchError: a line other than the last is not one of a journal's.
        """
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BatchError(f"{self.file.name} cannot be read ({error.strerror})") from error
        whole, _, _torn = content.rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        try:
            # All at once: it takes a quarter of the time.
            entries = json.loads(b"[" + b",".join(lines) + b"]")
        except (ValueError, RecursionError):
            entries = []
        if len(entries) != len(lines) or not all(map(self._is_entry, entries)):
            entries = [self._entry(number, line) for number, line in enumerate(lines, 1)]
        return {entry["row"]: entry for entry in entries}

    @contextmanager
    def writing(self) -> Iterator["JournalWriter"]:
        """Let this process alone append for the block.

        Raises:
            BatchError: another process is making this batch, or the file cannot be written.
        """
        with ExitStack() as opened:
            try:
                file = opened.enter_context(self.file.open("ab", buffering=0))
                is_alone = try_lock(file.fileno())
                if is_alone:
                    _cut_torn_line(self.file)
            except OSError as error:
                raise self._not_written(error) from error
            if not is_alone:
                message = (
                    f"the batch {self.folder.name!r} is being made by another process, or by "
                    "this one; run it again when that has ended: what is made by then stays"
                )
                raise BatchError(message)
            yield JournalWriter(file, self._not_written)

    def _not_written(self, error: OSError) -> BatchError:
        why = error.strerror or str(error)
        return BatchError(
            f"the batch {self.folder.name!r}: {self.file.name} cannot be written ({why}); free the "
            "disk or change its permissions, then run the batch again: nothing that is made is lost"
        )

    def _write(self, request: Mapping[str, Any]) -> bool:
        """Write the request, whole or not at all; return False if another was there first."""
        partial = self.folder / f".request-{secrets.token_hex(8)}{UNFINISHED}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with partial.open("x", encoding="utf-8") as file:
                    json.dump(request, file, ensure_ascii=False, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                return name_once(partial, self.request_file)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            message = f"the batch {self.folder.name!r} cannot be begun ({error.strerror})"
            raise BatchError(message) from error

    def _entry(self, number: int, line: bytes) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if self._is_entry(entry):
                return dict(entry)
        message = (
            f"line {number} of {self.file.name} in the batch {self.folder.name!r} is not one of a "
            "journal; restore the file, or remove that line"
        )
        raise BatchError(message)

    def _is_entry(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or not isinstance(entry.get("state"), str):
            return False
        row, path = entry.get("row"), entry.get("path", "")
        is_row = type(row) is int and row >= 0 and (self.rows is None or row < self.rows)
        # A path leads nowhere but into the outputs folder.
        return is_row and isinstance(path, str) and not _LEADS_OUT.search(path)


class JournalWriter:
    """Appends lines to a journal; see `Journal.writing`."""

    def __init__(self, file: FileIO, refused: Callable[[OSError], BatchError]) -> None:
        self._file, self._refused = file, refused

    def note(self, row: int, state: str, **facts: Any) -> None:
        """Append a line, and force it to the disk.

        Args:
            row: the cell's number.
            state: what has become of it, such as "done".
            facts: plain values, such as the picture's path.

        Raises:
            BatchError: it could not be written; what was written of it is cut off again.
        """
        line = (
            json.dumps({"row": row, "state": state, **facts}, ensure_ascii=False).encode() + b"\n"
        )
        end = os.fstat(self._file.fileno()).st_size
        try:
            left = memoryview(line)
            while left:  # a disk that is nearly full takes a part of it first
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), end)
            raise self._refused(error) from error


def _compared(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in _UNCOMPARED}


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    """Yield "steps: 20, now 30" for each plain value that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {*old, *new}:
            yield from _differences(
                f"{place}.{name}" if place else name, old.get(name), new.get(name)
            )
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
            yield from _differences(f"{place} {number}", one, other)
    elif old != new:
        yield f"{place}: {shown(old)}, now {shown(new)}"


def _cut_torn_line(path: Path) -> None:
    """Remove what a killed process left after the last whole line."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
