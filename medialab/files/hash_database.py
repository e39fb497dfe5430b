"""The SQLite file in which hashes are kept: a row for each file, found by its stamp.

Its table has had more columns with time; an older one gets those that it lacks, and keeps its rows.
"""

import errno
import re
import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from medialab.files.digests import Digests
from medialab.files.regular import NotRegularError, is_regular

# The numbers of a stamp (`medialab.files.hashes.Stamp`), which together are the key.
STAMP = ("device", "inode", "size", "mtime_ns", "ctime_ns")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{8,64}|")
# SQLite's errors for a file that is not our database: damaged, another format, or other tables.
_FOREIGN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


def write(database: Path, rows: Collection[tuple[tuple[int, ...], Digests]]) -> None:
    """Store the hashes of files by their stamps, if the database can be written.

    One that is locked for too long, a full disk or a read-only one leaves it as it is.
    """
    with suppress(sqlite3.Error, OSError):
        _write(database, rows)


def _write(database: Path, rows: Collection[tuple[tuple[int, ...], Digests]]) -> None:
    columns = (*STAMP, *Digests._fields)
    places = ", ".join("?" * len(columns))
    kept = ", ".join(
        f"{name} = coalesce(nullif(excluded.{name}, ''), {name})" for name in Digests._fields
    )
    with closing(_connect(database)) as connection, connection:
        connection.executemany(
            f"INSERT INTO hashes ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
            f" ON CONFLICT ({', '.join(STAMP)}) DO UPDATE SET {kept}",
            [(*map(str, stamp), *digests) for stamp, digests in rows],
        )


def recall(database: Path) -> dict[tuple[int, ...], Digests]:
    """Return all hashes in the database, by stamps; a file that is not our database is deleted."""
    columns = ", ".join((*STAMP, *Digests._fields))
    try:
        with closing(_connect(database)) as connection:
            rows = connection.execute(f"SELECT {columns} FROM hashes").fetchall()  # noqa: S608
    except sqlite3.Error as error:
        # A database that is only locked or unreadable is not deleted.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOREIGN:
            with suppress(OSError):
                database.unlink()
        return {}
    except OSError:
        return {}
    return dict(filter(None, map(_known_of, rows)))


def _known_of(row: tuple[object, ...]) -> tuple[tuple[int, ...], Digests] | None:
    """Return a row's stamp and hashes; None for a row that this program did not write."""
    count = len(STAMP)
    numbers, texts = row[:count], [one if isinstance(one, str) else "?" for one in row[count:]]
    if not _SHA256.fullmatch(texts[0]) or not all(map(_HEX.fullmatch, texts)):
        return None
    try:
        return tuple(int(str(number)) for number in numbers), Digests(*texts)
    except ValueError:
        return None


def _connect(database: Path) -> sqlite3.Connection:
    """Open the database, with its table; an older one gets the columns that it lacks.

    Raises:
        OSError: something else is in its place.
    """
    if database.exists() and not is_regular(database):
        raise NotRegularError(errno.EINVAL, "it is not a file", str(database))
    # Numbers are stored as text: an inode may exceed SQLite's integers.
    connection = sqlite3.connect(database, timeout=30)  # seconds; several kernels may share it
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS hashes (device TEXT, inode TEXT, size TEXT, mtime_ns TEXT,"
            " ctime_ns TEXT, sha256 TEXT NOT NULL,"
            " PRIMARY KEY (device, inode, size, mtime_ns, ctime_ns))"
        )
        if _lacking(connection):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for name in _lacking(connection):  # again: another process may have been first
                    connection.execute(
                        f"ALTER TABLE hashes ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
                    )
    except BaseException:
        connection.close()
        raise
    return connection


def _lacking(connection: sqlite3.Connection) -> list[str]:
    there = {row[1] for row in connection.execute("PRAGMA table_info(hashes)")}
    return [name for name in Digests._fields if name not in there]
