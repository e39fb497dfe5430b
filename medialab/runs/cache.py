"""StageCache: results of stages, stored under everything that decided them.

A memory cache over a folder, both limited in bytes; the least recently used result is removed
first. Equal keys mean equal bytes, and a restart loses nothing. Values are opaque bytes with a JSON
label, in files that are renamed into place; nothing is ever unpickled, which is why no ready-made
disk cache is used (the suitable ones store their own entries as pickles).
"""

import contextlib
import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from medialab.files.pruning import (
    StoredFile,
    prune,
    prune_bytes,
    stored_file,
    stored_files,
    total_size,
)
from medialab.files.regular import NotRegularError, open_regular, read_regular
from medialab.files.whole import UNFINISHED, write_whole
from medialab.process.installation import short_path
from medialab.runs.stage_keys import StageKey, is_label

ResultT = TypeVar("ResultT")

MEMORY_BYTES = 512 * 1024**2
DISK_BYTES = 4 * 1024**3
_SUFFIX = ".stage"
_COMPARED = 40  # newest results of a stage that an explanation compares
_COUNTED_AGAIN = 1 / 16  # of the limit; after so much written, the folder is counted again
# A file: 8 bytes little-endian, the length of the label; the label; 32 bytes, the sha256 of the
# value; the value. A file that was cut or changed does not match and counts as missing.
_LENGTH, _DIGEST = 8, 32
_LONGEST_LABEL = 1024**2


@dataclass(frozen=True)
class Explanation:
    """Whether a stage's result is cached, and if not, what changed."""

    stage: str
    hit: bool
    reason: str


class StageCache:
    """The results of stages in one folder; with `None` they are cached in memory only.

    Any thread or process may use it. If the folder cannot be written, the memory cache goes on and
    `trouble` says why. Cost at 1024² (3 MiB): 10 ms to put, 3 ms to get from the disk.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = DISK_BYTES,
    ) -> None:
        from zict import LRU

        self.folder = folder
        self.disk_bytes = disk_bytes
        self.trouble: str | None = None
        self._news: list[str] = []
        self._said: set[str] = set()
        self._memory: LRU[str, bytes] = LRU(
            memory_bytes, {}, weight=lambda _name, value: len(value)
        )
        self._written: int | None = None  # bytes in the folder, as far as known
        self._added = 0  # bytes of them that were written since the folder was last counted
        self._lock = threading.Lock()
        self._room = threading.Lock()  # of `_written`: a picture's writer makes room, too

    def __repr__(self) -> str:
        where = repr(short_path(self.folder)) if self.folder else None
        return f"StageCache({where})"

    @property
    def memory_bytes(self) -> float:
        """The limit in bytes of the memory cache."""
        return self._memory.n

    @memory_bytes.setter
    def memory_bytes(self, most: float) -> None:
        with self._lock:
            self._memory.n = most
            self._memory.evict_until_below_target()

    def get(self, key: StageKey) -> bytes | None:
        """Return the value of this key; None if there is none."""
        name = _file_name(key)
        with self._lock:
            value = self._memory.get(name)
            if value is not None:
                self._touch(name)
                return value
        value = self._read(name, key)
        if value is not None:
            self._remember(name, value)
        return value

    def read(self, key: StageKey, decode: Callable[[bytes], ResultT]) -> ResultT | None:
        """Return the decoded value of this key; None if there is none.

        A value for which `decode` raises a ValueError is removed and counts as missing.
        """
        value = self.get(key)
        if value is None:
            return None
        try:
            return decode(value)
        except ValueError:
            name = _file_name(key)
            with self._lock:
                self._memory.pop(name, None)
            if self.folder is not None:
                self._remove(self.folder / name)
            return None

    def take_news(self) -> list[str]:
        """Return sentences for a person about trouble with the cache; each is returned once."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def put(self, key: StageKey, value: bytes) -> None:
        """Store a value; an equal key replaces it with an equal value."""
        name = _file_name(key)
        self._remember(name, value)
        self._write(name, key.label(), value)

    def holds(self, key: StageKey) -> bool:
        """Return whether there is a value, without reading it."""
        name = _file_name(key)
        with self._lock:
            if name in self._memory:
                return True
        return self.folder is not None and stored_file(self.folder / name) is not None

    def explain(self, key: StageKey) -> Explanation:
        """Return whether the result is cached, or else how it differs from the most similar one."""
        if self.holds(key):
            return Explanation(key.stage, hit=True, reason="cached")
        differences = [key.difference(label) for label in self._labels(key.stage)]
        if not differences:
            return Explanation(key.stage, hit=False, reason="never made before")
        nearest = min(differences, key=len)
        return Explanation(key.stage, hit=False, reason="; ".join(nearest) or "no longer cached")

    def let_go(self, nbytes: int, folder: Path) -> bool:
        """Remove the least recently used results from a full disk, for what cannot be made again.

        Args:
            nbytes: How many bytes are needed.
            folder: Where they are; results on another disk stay.

        Returns:
            Whether any were removed. They stay in memory, as far as they are there.
        """
        with self._room:
            gone = prune_bytes(self._files(), nbytes) if self._is_on_disk_of(folder) else []
            self._written = None
        if gone:
            self._tell(
                "the disk is full: the results in the stage cache that were used longest ago were "
                "removed, so that a picture could be saved; free some space"
            )
        return bool(gone)

    def clear(self) -> None:
        """Remove all values, on the disk, too."""
        with self._lock:
            self._memory.clear()
        with self._room:
            self._written = None
        for path in self._paths():
            with contextlib.suppress(OSError):  # a folder, or not ours
                path.unlink(missing_ok=True)

    def _is_on_disk_of(self, folder: Path) -> bool:
        try:
            return self.folder is not None and self.folder.stat().st_dev == folder.stat().st_dev
        except OSError:  # one of the two is not there
            return False

    def _remember(self, name: str, value: bytes) -> None:
        with self._lock:
            self._memory[name] = value

    def _paths(self) -> list[Path]:
        """Return all paths with the suffix of a result, whatever they are."""
        if self.folder is None:
            return []
        try:
            return [path for path in self.folder.iterdir() if path.suffix == _SUFFIX]
        except OSError:  # it does not exist yet, or may not be listed
            return []

    def _files(self) -> list[StoredFile]:
        return stored_files(self._paths())

    def _remove(self, path: Path) -> None:
        """Remove a file that is no valid result, and report it the first time."""
        with contextlib.suppress(OSError):  # a folder, or another user's: it stays a miss
            path.unlink(missing_ok=True)
        self._tell("a result in the stage cache was broken and was removed; it is computed again")

    def _tell(self, sentence: str) -> None:
        with self._lock:
            if sentence not in self._said:
                self._said.add(sentence)
                self._news.append(sentence)

    def _labels(self, stage: str) -> list[dict[str, Any]]:
        """Return the keys of this stage's newest results on the disk, newest first."""
        found = [one for one in self._files() if one.path.name.startswith(f"{stage}-")]
        labels = []
        for one in reversed(found[-_COMPARED:]):
            with (
                contextlib.suppress(OSError, ValueError, RecursionError),
                open_regular(one.path, follow=False) as file,
            ):
                label = json.loads(_read_label(file))
                if is_label(label):
                    labels.append(label)
        return labels

    def _touch(self, name: str) -> None:
        """Mark a file as used now, so that the order of removal survives a restart."""
        if self.folder is not None:
            with contextlib.suppress(OSError):
                os.utime(self.folder / name)

    def _read(self, name: str, key: StageKey) -> bytes | None:
        if self.folder is None:
            return None
        path = self.folder / name
        label = key.label().encode()
        start = _LENGTH + len(label) + _DIGEST
        try:
            content = read_regular(path, start + self.disk_bytes, follow=False)
        except NotRegularError:
            self._remove(path)
            return None
        except OSError as error:
            if error.errno == errno.EFBIG:
                self._remove(path)
            return None
        head = len(label).to_bytes(_LENGTH, "little") + label
        value = content[start:]
        if content[:start] != head + hashlib.sha256(value).digest():
            self._remove(path)
            return None
        self._touch(name)
        return value

    def _write(self, name: str, label: str, value: bytes) -> None:
        if self.folder is None or len(value) > self.disk_bytes:
            return
        encoded = label.encode()
        content = b"".join(
            (
                len(encoded).to_bytes(_LENGTH, "little"),
                encoded,
                hashlib.sha256(value).digest(),
                value,
            )
        )
        try:
            write_whole(self.folder / name, content)
            self._make_room(len(content))
        except OSError as error:
            place = f"{self.folder.parent.name}/{self.folder.name}"
            self.trouble = (
                f"the stage cache {place} cannot be written ({error.strerror or error}); "
                "results are cached in memory only, and computed again after a restart"
            )
            self._tell(self.trouble)

    def _make_room(self, added: int) -> None:
        """Remove the least recently used results until a tenth is free, if the folder is full."""
        with self._room:
            if self._written is None:
                self._sweep()
            self._added += added
            if self._written is None or self._added > self.disk_bytes * _COUNTED_AGAIN:
                # Other processes write here, too.
                self._written, self._added = total_size(self._files()), 0
            else:
                self._written += added
            if self._written <= self.disk_bytes:
                return
            files = self._files()
            # The newest result stays, however large.
            gone = prune(files, self.disk_bytes, lambda one: one is not files[-1])
            self._written = total_size(files) - total_size(gone)

    def _sweep(self) -> None:
        """Remove unfinished files of killed writers, an hour or longer after they were written."""
        if self.folder is None:
            return
        for path in self.folder.glob(f".*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > 3600:
                    path.unlink()


def _read_label(file: BinaryIO) -> bytes:
    size = int.from_bytes(file.read(_LENGTH), "little")
    if size > _LONGEST_LABEL:
        message = "no label"
        raise ValueError(message)
    return file.read(size)


def _file_name(key: StageKey) -> str:
    return f"{key.stage}-{key.digest}{_SUFFIX}"
