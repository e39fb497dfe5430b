"""The sha256 of files, computed when first asked for and remembered while the file stays as it is.

Hashing a checkpoint takes seconds per gigabyte, so the result is kept in a small database (the
workbench keeps it in outputs/). A file is known by `Stamp`, not by name: a replaced file is hashed
again, a renamed one at most once more.
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
# What SQLite says of a file that is no database of ours: broken, none at all, or other tables.
_FOREIGN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class Stamp(NamedTuple):
    """What changes when a file's bytes do, without reading them.

    The change time catches what a modification time can be made to hide; where a system has none
    (Windows), it is the creation time and harms nothing.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp in one `os.stat`."""
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        )

    def is_settled(self) -> bool:
        """Whether a later write must show: a tick of the clock (10 ms at most) has passed."""
        return time.time_ns() - self.ctime_ns > 20_000_000


class HashCache:
    """Stamps and their sha256, in memory and, if `database` is a path, in that SQLite file.

    The database is only a memory: a broken one is started anew, a lost one is computed again.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._database = database
        self._known: dict[Stamp, str] = {}
        self._lock = threading.Lock()
        if database is not None:
            with suppress(OSError):  # a file in the folder's place: known in this process only
                database.parent.mkdir(parents=True, exist_ok=True)
            self._known.update(self._recall(database))

    def known(self, path: Path) -> str | None:
        """Return the sha256 of a file if it was computed before; costs one stat."""
        with self._lock:
            return self._known.get(Stamp.of(path.stat()))

    def sha256(self, path: Path) -> str:
        """The sha256 of one file's content, in hex.

        Cost: one stat when known; else the whole file is read once (about 0.2 GiB a second).
        """
        with self._lock:
            if (found := self._known.get(Stamp.of(path.stat()))) is not None:
                return found
        with open_regular(path) as file:
            before = Stamp.of(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = Stamp.of(os.fstat(file.fileno()))
        if before == after and after.is_settled():  # else true now, but it may not stay so
            self._remember(after, digest)
        return digest

    def _remember(self, stamp: Stamp, digest: str) -> None:
        with self._lock:
            self._known[stamp] = digest
            if self._database is not None:
                # Locked for long, a full or read-only disk: then it is known in this process only.
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
        """What the database knows; one that is no such database is thrown away."""
        try:
            with closing(_connect(database)) as connection:
                rows = connection.execute(f"SELECT {_COLUMNS} FROM hashes").fetchall()  # noqa: S608
        except sqlite3.Error as error:
            # Locked, or not readable: no reason to throw it away.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOREIGN:
                with suppress(OSError):
                    database.unlink()
            return {}
        except OSError:
            return {}
        return dict(filter(None, map(_known_of, rows)))


def _known_of(row: tuple[object, ...]) -> tuple[Stamp, str] | None:
    """A row's stamp and hash; None for one that we never wrote."""
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
        raise NotRegularError(errno.EINVAL, "it is no file", str(database))
    # Numbers are kept as text: an inode may be larger than SQLite's integers.
    connection = sqlite3.connect(database, timeout=30)  # seconds; several kernels may share it
    connection.execute(
        "CREATE TABLE IF NOT EXISTS hashes (device TEXT, inode TEXT, size TEXT, mtime_ns TEXT,"
        " ctime_ns TEXT, sha256 TEXT NOT NULL,"
        " PRIMARY KEY (device, inode, size, mtime_ns, ctime_ns))"
    )
    return connection
