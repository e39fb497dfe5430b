"""The SHA-256 of files, computed when first requested and cached while the file is unchanged.

Hashing a checkpoint takes seconds per gigabyte, so results are cached in a small database (the
workbench's is in outputs/). A file is identified by its `Stamp`, not its name: a replaced file is
hashed again, a renamed one at most once more.
"""

import errno
import hashlib
import os
import re
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, Self

from medialab.files.regular import NotRegularError, is_regular, open_regular

_COLUMNS = "device, inode, size, mtime_ns, ctime_ns, sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}")
# SQLite's errors for a file that is not our database: damaged, another format, or other tables.
_FOREIGN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


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
        return time.time_ns() - self.ctime_ns > 20_000_000


class HashCache:
    """Cached hashes of files, in memory and, if `database` is a path, in that SQLite file.

    The database is only a cache: a damaged one is replaced, a lost one is computed again.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._database = database
        self._known: dict[Stamp, str] = {}
        self._lock = threading.Lock()
        if database is not None:
            with suppress(OSError):  # a file in place of the folder: cache in this process only
                database.parent.mkdir(parents=True, exist_ok=True)
            self._known.update(self._recall(database))

    def known(self, path: Path) -> str | None:
        """Return the SHA-256 of a file if it is cached, else None.

        Cost: one stat.
        """
        with self._lock:
            return self._known.get(Stamp.of(path.stat()))

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file's content, 64 hex digits.

        Cost: one stat if it is cached; else the whole file is read once, about 0.2 GiB per second.

        Raises:
            OSError: the file cannot be read.
        """
        with self._lock:
            if (found := self._known.get(Stamp.of(path.stat()))) is not None:
                return found
        with open_regular(path) as file:
            before = Stamp.of(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = Stamp.of(os.fstat(file.fileno()))
        if before == after and after.is_settled():  # otherwise it may change without a new stamp
            self._remember(after, digest)
        return digest

    def _remember(self, stamp: Stamp, digest: str) -> None:
        with self._lock:
            self._known[stamp] = digest
            if self._database is not None:
                # Locked for too long, or a full or read-only disk: cache in this process only.
                with suppress(sqlite3.Error, OSError):
                    self._write(self._database, stamp, digest)

    @staticmethod
    def _write(database: Path, stamp: Stamp, digest: str) -> None:
        with closing(_connect(database)) as connection, connection:
            connection.execute(
                "INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)",
                (*(str(number) for number in stamp), digest),
            )

    @staticmethod
    def _recall(database: Path) -> dict[Stamp, str]:
        """Read all hashes in the database; a file that is not our database is deleted."""
        try:
            with closing(_connect(database)) as connection:
                rows = connection.execute(f"SELECT {_COLUMNS} FROM hashes").fetchall()  # noqa: S608
        except sqlite3.Error as error:
            # A database that is only locked or unreadable is not deleted.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOREIGN:
                with suppress(OSError):
                    database.unlink()
            return {}
        except OSError:
            return {}
        return dict(filter(None, map(_known_of, rows)))


def _known_of(row: tuple[object, ...]) -> tuple[Stamp, str] | None:
    """Return a row's stamp and hash; None for a row that this program did not write."""
    *numbers, digest = row
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        return None
    try:
        return Stamp(*(int(str(number)) for number in numbers)), digest
    except ValueError:
        return None


def _connect(database: Path) -> sqlite3.Connection:
    """Open the database, with its table.

    Raises:
        OSError: something else is in its place.
    """
    if database.exists() and not is_regular(database):
        raise NotRegularError(errno.EINVAL, "it is not a file", str(database))
    # Numbers are stored as text: an inode may exceed SQLite's integers.
    connection = sqlite3.connect(database, timeout=30)  # seconds; several kernels may share it
    connection.execute(
        "CREATE TABLE IF NOT EXISTS hashes (device TEXT, inode TEXT, size TEXT, mtime_ns TEXT,"
        " ctime_ns TEXT, sha256 TEXT NOT NULL,"
        " PRIMARY KEY (device, inode, size, mtime_ns, ctime_ns))"
    )
    return connection
