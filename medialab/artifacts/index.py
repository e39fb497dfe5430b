"""An SQLite index of the sidecars, to find pictures by their words: a cache and nothing more.

Savers never write it. Each search first brings it up to the folders: a day's folder whose time has
changed is listed, and of its sidecars only the changed ones are read. So a picture that was added,
deleted or copied in by hand is right at the next search, and the file may be deleted at any time.
"""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from medialab.artifacts.publishing import PICTURES
from medialab.artifacts.query import CONDITION, Choices, Query, names_of, words_of
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.errors import ArtifactError

ResultT = TypeVar("ResultT")

DAY = re.compile(r"\d{4}-\d\d-\d\d")
_VERSION = 4  # raise it with the tables below; an index of another version is made anew
_TABLES = """
CREATE TABLE days (day TEXT PRIMARY KEY, changed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE pictures (
    id TEXT NOT NULL, day TEXT NOT NULL, name TEXT NOT NULL, changed INTEGER NOT NULL,
    prompt TEXT NOT NULL, checkpoint TEXT NOT NULL, seed TEXT NOT NULL, created TEXT NOT NULL,
    tags TEXT NOT NULL, stars INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    words TEXT NOT NULL, names TEXT NOT NULL, folded TEXT NOT NULL,
    PRIMARY KEY (day, name)
) WITHOUT ROWID;
CREATE INDEX by_time ON pictures (created, id);
"""
_FOUND = "id, day, name, prompt, checkpoint, seed, created, tags, stars, width, height"
_FIND = f"""
SELECT {_FOUND} FROM pictures WHERE {CONDITION}
ORDER BY created DESC, id DESC, name LIMIT :limit OFFSET :offset
"""  # noqa: S608 - made of constants; values are bound
_COUNT = f"SELECT count(*) FROM pictures WHERE {CONDITION}"  # noqa: S608 - as above
_REPLACE = f"""
REPLACE INTO pictures ({_FOUND}, changed, words, names, folded)
VALUES ({", ".join("?" * 15)})
"""  # noqa: S608 - as above
# A folder that changed this short a time ago may change again within its clock's tick (2 s on
# FAT); its time is not trusted yet.
_SETTLED_NS = 3_000_000_000
_BUSY_SECONDS = 30.0


class PictureIndex:
    """The index of one outputs folder.

    A picture without a readable sidecar is left out; `ArtifactManager.load` says what is wrong
    with it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "index.sqlite"

    def find(self, query: Query, limit: int, offset: int) -> list[Artifact]:
        """Pictures that a query asks for, newest first, without the first `offset`."""
        values = {**query.values(), "limit": limit, "offset": offset}

        def search(connection: sqlite3.Connection) -> list[Artifact]:
            self._follow(connection)
            return [self._artifact(row) for row in connection.execute(_FIND, values)]

        return self._with_connection(search)

    def count(self, query: Query) -> int:
        """How many pictures a query asks for."""

        def count(connection: sqlite3.Connection) -> int:
            self._follow(connection)
            return int(connection.execute(_COUNT, query.values()).fetchone()[0])

        return self._with_connection(count)

    def choices(self) -> Choices:
        """The names that a query can ask for."""

        def read(connection: sqlite3.Connection) -> Choices:
            self._follow(connection)
            return Choices.read(connection)

        return self._with_connection(read)

    def rebuild(self) -> int:
        """Throw the index away and read every sidecar; return how many pictures it holds."""
        self._remove()

        def count(connection: sqlite3.Connection) -> int:
            self._follow(connection)
            return int(connection.execute("SELECT count(*) FROM pictures").fetchone()[0])

        return self._with_connection(count)

    def _artifact(
        self, row: tuple[str, str, str, str, str, str, str, str, int, int, int]
    ) -> Artifact:
        identity, day, name, prompt, checkpoint, seed, created, tags, *numbers = row
        path = self.folder / day / name
        return Artifact(
            identity,
            path,
            path.with_suffix(".json"),
            prompt,
            checkpoint,
            int(seed),
            created,
            tuple(json.loads(tags)),
            *numbers,
        )

    def _with_connection(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Work on the open index in one transaction; a broken index is made anew, once."""
        try:
            return self._attempt(work)
        except sqlite3.Error as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise ArtifactError(
                    f"another process has held {self.path} for {_BUSY_SECONDS:.0f} s; try again"
                ) from error
        try:
            self._remove()
            return self._attempt(work)
        except (sqlite3.Error, OSError) as error:
            raise ArtifactError(
                f"cannot keep an index at {self.path}: {error}; make the folder writable, or "
                "choose another outputs folder"
            ) from error

    def _attempt(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as connection:
            connection.isolation_level = None  # transactions are begun by hand
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                self._make_tables(connection)
            result = work(connection)
            connection.execute("COMMIT")
            return result

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        for table in ("days", "pictures"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _remove(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _follow(self, connection: sqlite3.Connection) -> None:
        """Bring the tables up to the folders on disk."""
        on_disk = {
            path.name: path.stat().st_mtime_ns
            for path in self.folder.iterdir()
            if DAY.fullmatch(path.name)
        }
        known = dict(connection.execute("SELECT day, changed FROM days"))
        for day in known.keys() - on_disk.keys():
            connection.execute("DELETE FROM pictures WHERE day = ?", (day,))
            connection.execute("DELETE FROM days WHERE day = ?", (day,))
        for day, changed in on_disk.items():
            if known.get(day) != changed:
                self._follow_day(connection, day)
                settled = changed if time.time_ns() - changed > _SETTLED_NS else 0
                connection.execute("REPLACE INTO days VALUES (?, ?)", (day, settled))

    def _follow_day(self, connection: sqlite3.Connection, day: str) -> None:
        rows = connection.execute("SELECT name, changed FROM pictures WHERE day = ?", (day,))
        known = dict(rows)
        files = {path.name: path for path in (self.folder / day).iterdir()}
        sidecars = [name for name in files if name.endswith(".json") and not name.startswith(".")]
        # One picture a sidecar: a copy in another format beside it is a person's own.
        paired = {
            found[0]
            for name in sidecars
            if (found := [one for one in _pictures_of(name) if one in files])
        }
        for name in known.keys() - paired:
            connection.execute("DELETE FROM pictures WHERE day = ? AND name = ?", (day, name))
        for name in sorted(paired):
            sidecar = files[Path(name).with_suffix(".json").name]
            self._follow_picture(connection, files[name], sidecar, known.get(name))

    def _follow_picture(
        self, connection: sqlite3.Connection, picture: Path, sidecar: Path, known: int | None
    ) -> None:
        try:
            changed = sidecar.stat().st_mtime_ns
            if changed == known:
                return
            content = Sidecar.read(sidecar)
        except (OSError, ArtifactError):  # gone by now, or not ours to read
            connection.execute(
                "DELETE FROM pictures WHERE day = ? AND name = ?",
                (picture.parent.name, picture.name),
            )
            return
        found, names = Artifact.of(picture, content), names_of(content)
        connection.execute(
            _REPLACE,
            (
                found.id,
                picture.parent.name,
                picture.name,
                found.prompt,
                found.checkpoint,
                str(found.seed),  # SQLite's integers have a sign
                found.created,
                json.dumps(found.tags, ensure_ascii=False),
                found.stars,
                found.width,
                found.height,
                changed,
                words_of(content),
                names,
                names.casefold(),
            ),
        )


def _pictures_of(sidecar: str) -> list[str]:
    """The names that a sidecar's picture may have."""
    return [str(Path(sidecar).with_suffix(suffix)) for suffix in PICTURES]
