"""An SQLite index of the sidecars for searching pictures: a cache, and nothing more.

Saving a picture never writes it. Each search first updates it from the folders: a day's folder with
a new modification time is listed, and only its changed sidecars are read. So a picture that was
added, deleted or copied in by hand is found correctly at the next search, and the file may be
deleted at any time. A damaged index, or one with foreign content, is rebuilt. If it cannot be
written (a full or read-only disk), it is built in memory, so that pictures can still be searched
and deleted.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from medialab.artifacts.days import DAY, LeftOut, Pair, days_in, pairs_in
from medialab.artifacts.query import CONDITION, ORDERS, Choices, Query
from medialab.artifacts.search import folded, joined, names_of, settings_of, words_of
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.errors import ArtifactError
from medialab.files.regular import is_regular

ResultT = TypeVar("ResultT")

_VERSION = 7  # increase it with the tables below; an index of another version is rebuilt
_TABLES = """
CREATE TABLE days (
    day TEXT PRIMARY KEY, changed INTEGER NOT NULL, held INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE left_out (
    day TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (day, name)
) WITHOUT ROWID;
CREATE TABLE pictures (
    id TEXT NOT NULL, day TEXT NOT NULL, name TEXT NOT NULL, changed INTEGER NOT NULL,
    prompt TEXT NOT NULL, checkpoint TEXT NOT NULL, seed TEXT NOT NULL, created TEXT NOT NULL,
    tags TEXT NOT NULL, stars INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    steps INTEGER NOT NULL, sampler TEXT NOT NULL, guidance_scale REAL NOT NULL,
    names TEXT NOT NULL, folded TEXT NOT NULL, words TEXT NOT NULL, settings TEXT NOT NULL,
    PRIMARY KEY (day, name)
);
CREATE INDEX by_time ON pictures (created, id, name, day);
CREATE INDEX by_day ON pictures (day);
CREATE INDEX by_names ON pictures (names);
"""
_FOUND = "id, day, name, prompt, checkpoint, seed, created, tags, stars, width, height"
TABLE = (
    "day || '/' || name, created, prompt, checkpoint, names, seed, steps, sampler, guidance_scale, "
    "width, height, tags, stars"
)
_COUNT = f"SELECT count(*) FROM pictures WHERE {CONDITION}"  # noqa: S608 - as above
_REPLACE = f"""
REPLACE INTO pictures
({_FOUND}, steps, sampler, guidance_scale, changed, names, folded, words, settings)
VALUES ({", ".join("?" * 19)})
"""  # noqa: S608 - as above
# A folder changed more recently than this may change again without a new time (FAT's resolution is
# 2 s), so its time is not trusted yet.
_SETTLED_NS = 3_000_000_000
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
_LONGEST_REASON = 400  # characters: a sidecar may hold a value of any length


class _ForeignRowError(Exception):
    """The index holds a row that this program did not write."""


class PictureIndex:
    """The index of one outputs folder.

    A picture without a readable sidecar is not listed; `left_out` returns which, and why.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "index.sqlite"
        self._memory: sqlite3.Connection | None = None
        self._lock = threading.Lock()  # all threads share the connection in memory

    def find(self, query: Query, limit: int, offset: int) -> list[Artifact]:
        """Return the pictures that match a query, in its order.

        Args:
            query: The conditions.
            limit: The most pictures to return.
            offset: How many of the first to skip.
        """
        values = {**query.values(), "limit": limit, "offset": offset}
        sql = f"""
        SELECT {_FOUND} FROM pictures WHERE {CONDITION}
        ORDER BY {ORDERS[query.order]} LIMIT :limit OFFSET :offset
        """  # noqa: S608 - made of constants; values are bound

        def search(connection: sqlite3.Connection) -> list[Artifact]:
            self._follow(connection)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return [self._artifact(row) for row in connection.execute(sql, values)]

        return self._with_connection(search)

    def names(self, query: Query) -> list[str]:
        """Return the paths of all pictures that match a query, in its order.

        They are relative to the outputs folder, with "/" on every system.
        """
        sql = f"SELECT day, name FROM pictures WHERE {CONDITION} ORDER BY {ORDERS[query.order]}"  # noqa: S608

        def search(connection: sqlite3.Connection) -> list[str]:
            self._follow(connection)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return [f"{day}/{name}" for day, name in connection.execute(sql, query.values())]

        return self._with_connection(search)

    def rows(self, query: Query, read: Callable[[Sequence[tuple[Any, ...]]], ResultT]) -> ResultT:
        """Return what `read` makes of `TABLE` of all pictures that match a query, in its order.

        Args:
            query: The conditions and the order.
            read: Reads the rows; it raises a ValueError, TypeError or OverflowError
                for one that is not ours.
        """
        sql = f"SELECT {TABLE} FROM pictures WHERE {CONDITION} ORDER BY {ORDERS[query.order]}"  # noqa: S608

        def search(connection: sqlite3.Connection) -> ResultT:
            self._follow(connection)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            found = connection.execute(sql, query.values()).fetchall()
            try:
                return read(found)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise _ForeignRowError from error

        return self._with_connection(search)

    def look_up(self, names: Sequence[str]) -> list[Artifact]:
        """Return the pictures at these paths, as `names` returns them, without those that are gone.

        The folders are not read again.
        """
        sql = f"SELECT {_FOUND} FROM pictures WHERE day = ? AND name = ?"  # noqa: S608 - constants

        def read(connection: sqlite3.Connection) -> list[Artifact]:
            rows = (connection.execute(sql, name.split("/", 1)).fetchone() for name in names)
            return [self._artifact(row) for row in rows if row is not None]

        return self._with_connection(read)

    def count(self, query: Query) -> int:
        """Return how many pictures match a query."""

        def count(connection: sqlite3.Connection) -> int:
            self._follow(connection)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return int(connection.execute(_COUNT, query.values()).fetchone()[0])

        return self._with_connection(count)

    def choices(self) -> Choices:
        """Return the names that a query can contain."""

        def read(connection: sqlite3.Connection) -> Choices:
            self._follow(connection)
            return Choices.read(connection)

        return self._with_connection(read)

    def left_out(self) -> list[LeftOut]:
        """Return the files and folders that cannot be listed, with the reasons."""

        def read(connection: sqlite3.Connection) -> list[LeftOut]:
            found = self._follow(connection)
            rows = connection.execute("SELECT day, name, reason FROM left_out ORDER BY day, name")
            found += [LeftOut(self.folder / day / name, reason) for day, name, reason in rows]
            return found

        return self._with_connection(read)

    def rebuild(self) -> int:
        """Discard the index, read every sidecar and return how many pictures there are."""
        with suppress(OSError):  # a read-only folder: then the index in memory is rebuilt
            self._remove()
        with self._lock:
            self._memory = None

        def count(connection: sqlite3.Connection) -> int:
            self._follow(connection)
            return int(connection.execute("SELECT count(*) FROM pictures").fetchone()[0])

        return self._with_connection(count)

    def _artifact(self, row: tuple[Any, ...]) -> Artifact:
        identity, day, name, prompt, checkpoint, seed, created, tags, *numbers = row
        try:
            found = tuple(json.loads(tags))
            is_ours = (
                DAY.fullmatch(day)
                and Path(name).name == name
                and all(isinstance(one, int) for one in numbers)
                and all(isinstance(one, str) for one in (identity, prompt, created, *found))
            )
            if not is_ours:
                raise _ForeignRowError
            path = self.folder / day / name
            sidecar = path.with_suffix(".json")
            return Artifact(
                identity, path, sidecar, prompt, checkpoint, int(seed), created, found, *numbers
            )
        except (ValueError, TypeError, RecursionError) as error:
            raise _ForeignRowError from error

    def _with_connection(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
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
            except _ForeignRowError:
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
            except (sqlite3.Error, _ForeignRowError):
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
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                self._make_tables(connection)
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return result

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        for table in ("days", "left_out", "pictures"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _remove(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _follow(self, connection: sqlite3.Connection) -> list[LeftOut]:
        """Update the tables from the folders on disk; return the folders that cannot be read."""
        on_disk, closed = days_in(self.folder)
        known = {
            day: (changed, held)
            for day, changed, held in connection.execute("SELECT day, changed, held FROM days")
        }
        rows = connection.execute("SELECT day, count(*) FROM pictures GROUP BY day")
        counted: dict[str, int] = dict(rows.fetchall())
        for day in (known.keys() | counted.keys()) - on_disk.keys():
            for table in ("pictures", "days", "left_out"):
                connection.execute(f"DELETE FROM {table} WHERE day = ?", (day,))  # noqa: S608
        for day, changed in on_disk.items():
            if known.get(day) != (changed, counted.get(day, 0)):
                held = self._follow_day(connection, day)
                settled = changed if time.time_ns() - changed > _SETTLED_NS else 0
                connection.execute("REPLACE INTO days VALUES (?, ?, ?)", (day, settled, held))
        return closed

    def _follow_day(self, connection: sqlite3.Connection, day: str) -> int:
        """Update the rows of a day from its folder; return how many pictures it has now."""
        pairs, left_out = pairs_in(self.folder / day)
        rows = connection.execute("SELECT name, changed FROM pictures WHERE day = ?", (day,))
        known = dict(rows.fetchall())
        found = set()
        for pair in pairs:
            try:
                self._follow_pair(connection, pair, known.get(pair.picture.name))
                found.add(pair.picture.name)
            except FileNotFoundError:  # deleted in the meantime
                continue
            except ArtifactError as error:
                left_out.append(LeftOut(pair.picture, str(error)))
        for name in known.keys() - found:
            connection.execute("DELETE FROM pictures WHERE day = ? AND name = ?", (day, name))
        connection.execute("DELETE FROM left_out WHERE day = ?", (day,))
        connection.executemany(
            "REPLACE INTO left_out VALUES (?, ?, ?)",
            [(day, _written(one, day), _plain(one.reason)) for one in left_out],
        )
        return len(found)

    def _follow_pair(self, connection: sqlite3.Connection, pair: Pair, known: int | None) -> None:
        """Update a picture's row from its sidecar.

        Raises:
            FileNotFoundError: the sidecar no longer exists.
            ArtifactError: it cannot be read.
        """
        try:
            changed = pair.sidecar.stat().st_mtime_ns
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArtifactError(f"its sidecar cannot be read: {error.strerror}") from error
        if changed == known:
            return
        content = Sidecar.read(pair.sidecar)
        found, names = Artifact.of(pair.picture, content), joined(names_of(content))
        day, name = pair.picture.parent.name, pair.picture.name
        connection.execute(
            _REPLACE,
            (
                found.id,
                day,
                name,
                found.prompt,
                found.checkpoint,
                str(found.seed),  # SQLite's integers have a sign
                found.created,
                json.dumps(found.tags, ensure_ascii=False),
                found.stars,
                found.width,
                found.height,
                content.config.steps,
                content.config.sampler,
                content.config.guidance_scale,
                changed,
                names,
                folded(names),
                words_of(name, content),
                settings_of(name, content, day),
            ),
        )


def _written(one: LeftOut, day: str) -> str:
    """Return the name of a file that was left out; empty for the day's folder itself."""
    return "" if one.path.name == day else _plain(one.path.name)


def _plain(text: str) -> str:
    """Return text that SQLite can store: of limited length, lone surrogates escaped."""
    return text[:_LONGEST_REASON].encode("utf-8", "backslashreplace").decode()
