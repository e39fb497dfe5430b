"""The hashes of files, computed when first requested and cached while the file is unchanged.

Hashing a checkpoint takes seconds per gigabyte, so results are cached in a small database (the
workbench's is in outputs/). A file is identified by its `Stamp`, not its name: a replaced file is
hashed again, a renamed one at most once more.
"""

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from medialab.files.digests import Digests, read_digests
from medialab.files.hash_database import recall, write
from medialab.files.regular import open_regular

WRITE_SECONDS = 1.0  # at most so much work in the background is lost by a kill
_TICK = 0.02  # seconds; the clock of file systems ticks every 10 ms


class ChangedError(OSError):
    """A file was changed while it was read, so that its hashes are of no use."""


class Stamp(NamedTuple):
    """Facts about a file that change with its content, found without reading it.

    The change time reveals a change even if a program resets the modification time. Windows has
    none: there it is the creation time, which does no harm.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the stamp in a result of `os.stat`."""
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        )

    def is_settled(self) -> bool:
        """Return whether a later write will change the stamp: the clock (10 ms) has ticked."""
        return time.time_ns() - self.ctime_ns > _TICK * 1e9

    def if_settled(self) -> Self | None:
        """Return the stamp if a later write will change it, or None."""
        return self if self.is_settled() else None


class HashCache:
    """Cached hashes of files, in memory and, if `database` is a path, in that SQLite file.

    The database is only a cache: a damaged one is replaced, a lost one is computed again. Any
    thread may call it.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._database = database
        self._known: dict[Stamp, Digests] = {}
        self._lock = threading.Lock()
        self._unwritten: dict[Stamp, Digests] = {}
        self._written_at = 0.0
        self._waiting = 0  # callers of `sha256` who wait for a file to be read
        if database is not None:
            with suppress(OSError):  # a file in place of the folder: cache in this process only
                database.parent.mkdir(parents=True, exist_ok=True)
            self.recall()

    @property
    def is_awaited(self) -> bool:
        """Whether someone waits for a SHA-256, so that work in the background should pause."""
        return self._waiting > 0

    def recall(self) -> None:
        """Read what other processes have stored since.

        Cost: some 5 µs a file that was ever hashed.
        """
        if self._database is not None:
            found = recall(self._database)
            with self._lock:
                for numbers, digests in found.items():
                    stamp = Stamp(*numbers)
                    self._known[stamp] = _joined(self._known.get(stamp), digests)

    def known(self, path: Path) -> str | None:
        """Return the SHA-256 of a file if it is cached, else None.

        Cost: one stat.
        """
        found = self.known_digests(path)
        return found.sha256 if found else None

    def known_digests(self, path: Path) -> Digests | None:
        """Return the cached hashes of a file, of which some may be missing; None without any.

        Cost: one stat.

        Raises:
            OSError: the file is gone.
        """
        stamp = Stamp.of(path.stat())
        with self._lock:
            return self._known.get(stamp)

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file's content, 64 hex digits.

        Cost: one stat if it is cached; else the whole file is read once, about 0.2 GiB per second.

        Raises:
            OSError: the file cannot be read.
        """
        if (known := self.known(path)) is not None:
            return known
        with self._awaited(), open_regular(path) as file:
            before = _settled_stamp(file)
            found = Digests(hashlib.file_digest(file, "sha256").hexdigest())
            after = Stamp.of(os.fstat(file.fileno()))
        if before == after:
            self._remember(after, found)
        return found.sha256

    def digests(self, path: Path, step: Callable[[int], object] = lambda _: None) -> Digests:
        """Return all hashes of a file.

        Args:
            path: The file.
            step: Called about every 20 ms with the bytes read since; may wait, or raise to give up.

        They are written to the database within some seconds of such work; `flush` does it at once,
        since each writing waits for the disk.

        Cost: one stat if they are cached; else as `read_digests`.

        Raises:
            ChangedError: the file was changed while it was read.
            OSError: the file cannot be read.
        """
        known = self.known_digests(path)
        if known is not None and known.is_complete:
            return known
        with open_regular(path) as file:
            before = _settled_stamp(file)
            found = read_digests(path, file, step)
            after = Stamp.of(os.fstat(file.fileno()))
        if after != Stamp.of(path.stat()) or (before is not None and before != after):
            raise ChangedError(errno.EAGAIN, "it was changed while it was read", str(path))
        if before is not None:
            self._remember(after, found, at_once=False)
        return found

    def keep(self, path: Path, sha256: str) -> None:
        """Keep the SHA-256 of a file that was just written, as whoever wrote it computed it.

        Cost: a tick of the clock.

        Raises:
            OSError: the file cannot be opened.
        """
        with open_regular(path) as file:
            stamp = _settled_stamp(file)
        if stamp is not None:
            self._remember(stamp, Digests(sha256))

    def moved(self, before: Stamp, path: Path) -> None:
        """Keep the hashes of a file that was just renamed, by which its change time is another.

        Args:
            before: The stamp that it had.
            path: Its path now.

        Raises:
            OSError: the file is gone.
        """
        after = Stamp.of(path.stat())
        with self._lock:
            digests = self._known.get(before)
        # A write since would have changed the modification time.
        if digests is not None and after == before._replace(ctime_ns=after.ctime_ns):
            self._remember(after, digests)

    def flush(self) -> None:
        """Write to the database what is not written yet."""
        with self._lock:
            self._write()

    @contextmanager
    def _awaited(self) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def _remember(self, stamp: Stamp, digests: Digests, *, at_once: bool = True) -> None:
        with self._lock:
            self._known[stamp] = _joined(self._known.get(stamp), digests)
            self._unwritten[stamp] = self._known[stamp]
            if at_once or time.monotonic() - self._written_at >= WRITE_SECONDS:
                self._write()

    def _write(self) -> None:
        unwritten, self._unwritten = self._unwritten, {}
        if self._database is not None and unwritten:
            write(self._database, unwritten.items())
        self._written_at = time.monotonic()


def _settled_stamp(file: FileIO) -> Stamp | None:
    """Return the stamp of an open file that any later write will change; None if it has none.

    Cost: a tick of the clock for a file that was just written.
    """
    if not Stamp.of(os.fstat(file.fileno())).is_settled():
        time.sleep(_TICK)
    return Stamp.of(os.fstat(file.fileno())).if_settled()


def _joined(old: Digests | None, new: Digests) -> Digests:
    """Return what is known of one file; all its hashes count for more than its SHA-256."""
    return old if old is not None and old.is_complete else new
