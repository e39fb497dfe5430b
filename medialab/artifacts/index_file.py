"""The SQLite file of an index: made anew where it is damaged, in memory where it cannot be written.

A damaged file, one of another version, or one with foreign content is replaced. On a full or
read-only disk the index is in memory, so that pictures can still be searched and deleted.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from medialab.artifacts.index_tables import prepare
from medialab.errors import ArtifactError
from medialab.files.regular import is_regular

ResultT = TypeVar("ResultT")

_BUSY_SECONDS = 30.0
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# SQLite's errors for a file that it cannot write; the file itself is not damaged.
_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class ForeignRowError(Exception):
    """The index holds a row that this program did not write."""


class IndexFile:
    """The file of one index, or its copy in memory; any thread may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._memory: sqlite3.Connection | None = None
        self._lock = threading.Lock()  # all threads share the connection in memory

    def use(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Call `work` with the open index, in one transaction; rebuild a damaged index, once."""
        for _ in range(2):
            if self.path.exists() and not is_regular(self.path):
                break
            try:
                with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as connection:
                    return self._attempt(connection, work)
            except sqlite3.Error as error:
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
                if code in _BUSY:
                    raise ArtifactError(
                        f"another process has held {self.path} for {_BUSY_SECONDS:.0f} s; try again"
                    ) from error
                if code in _UNWRITABLE:
                    break
            except ForeignRowError:
                pass
            try:
                self._remove()
            except OSError:
                break
        return self._in_memory(work)

    def _in_memory(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Call `work` with an index in memory, which lives as long as this object."""
        with self._lock:
            if self._memory is None:
                self._memory = self._copy_in_memory()
            try:
                return self._attempt(self._memory, work)
            except (sqlite3.Error, ForeignRowError):
                self._memory = sqlite3.connect(":memory:", check_same_thread=False)
                return self._attempt(self._memory, work)

    def _copy_in_memory(self) -> sqlite3.Connection:
        """Return a new index in memory, with the content of the file if that can be read."""
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        if is_regular(self.path):
            address = f"{self.path.as_uri()}?mode=ro&immutable=1"
            with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as file:
                file.backup(memory)
        return memory

    def _attempt(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], ResultT]
    ) -> ResultT:
        connection.isolation_level = None  # transactions are started explicitly
        connection.execute("BEGIN IMMEDIATE")
        try:
            prepare(connection)
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return result

    def discard(self) -> None:
        """Discard the index; the next use begins with empty tables."""
        with suppress(OSError):  # a read-only folder: then the index in memory is rebuilt
            self._remove()
        with self._lock:
            self._memory = None

    def _remove(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
