"""An SQLite index of the sidecars for searching pictures: a cache, and nothing more.

Saving a picture never writes it. Each search first updates it from the folders: a day's folder with
a new modification time is listed, and only its changed sidecars are read. So a picture that was
added, deleted or copied in by hand is found correctly at the next search, and the file may be
deleted at any time.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from medialab.artifacts.days import DAY, LeftOut
from medialab.artifacts.index_file import ForeignRowError, IndexFile
from medialab.artifacts.index_tables import FOUND, follow
from medialab.artifacts.query import CONDITION, ORDERS, Choices, Query
from medialab.artifacts.sidecar import Artifact

ResultT = TypeVar("ResultT")

TABLE = (
    "day || '/' || name, created, prompt, checkpoint, names, seed, steps, sampler, guidance_scale, "
    "width, height, tags, stars"
)
_COUNT = f"SELECT count(*) FROM pictures WHERE {CONDITION}"  # noqa: S608 - made of constants


class PictureIndex:
    """The index of one outputs folder.

    A picture without a readable sidecar is not listed; `left_out` returns which, and why.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = IndexFile(folder / "index.sqlite")

    def find(self, query: Query, limit: int, offset: int) -> list[Artifact]:
        """Return the pictures that match a query, in its order.

        Args:
            query: The conditions.
            limit: The most pictures to return.
            offset: How many of the first to skip.
        """
        values = {**query.values(), "limit": limit, "offset": offset}
        sql = f"""
        SELECT {FOUND} FROM pictures WHERE {CONDITION}
        ORDER BY {ORDERS[query.order]} LIMIT :limit OFFSET :offset
        """  # noqa: S608 - made of constants; values are bound

        def search(connection: sqlite3.Connection) -> list[Artifact]:
            follow(connection, self.folder)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return [self._artifact(row) for row in connection.execute(sql, values)]

        return self._file.use(search)

    def names(self, query: Query) -> list[str]:
        """Return the paths of all pictures that match a query, in its order.

        They are relative to the outputs folder, with "/" on every system.
        """
        sql = f"SELECT day, name FROM pictures WHERE {CONDITION} ORDER BY {ORDERS[query.order]}"  # noqa: S608

        def search(connection: sqlite3.Connection) -> list[str]:
            follow(connection, self.folder)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return [f"{day}/{name}" for day, name in connection.execute(sql, query.values())]

        return self._file.use(search)

    def rows(self, query: Query, read: Callable[[Sequence[tuple[Any, ...]]], ResultT]) -> ResultT:
        """Return what `read` makes of `TABLE` of all pictures that match a query, in its order.

        Args:
            query: The conditions and the order.
            read: Reads the rows; it raises a ValueError, TypeError or OverflowError
                for one that is not ours.
        """
        sql = f"SELECT {TABLE} FROM pictures WHERE {CONDITION} ORDER BY {ORDERS[query.order]}"  # noqa: S608

        def search(connection: sqlite3.Connection) -> ResultT:
            follow(connection, self.folder)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            found = connection.execute(sql, query.values()).fetchall()
            try:
                return read(found)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise ForeignRowError from error

        return self._file.use(search)

    def look_up(self, names: Sequence[str]) -> list[Artifact]:
        """Return the pictures at these paths, as `names` returns them, without those that are gone.

        The folders are not read again.
        """
        sql = f"SELECT {FOUND} FROM pictures WHERE day = ? AND name = ?"  # noqa: S608 - constants

        def read(connection: sqlite3.Connection) -> list[Artifact]:
            rows = (connection.execute(sql, name.split("/", 1)).fetchone() for name in names)
            return [self._artifact(row) for row in rows if row is not None]

        return self._file.use(read)

    def count(self, query: Query) -> int:
        """Return how many pictures match a query."""

        def count(connection: sqlite3.Connection) -> int:
            follow(connection, self.folder)
            connection.create_function("fits", 1, query.fits, deterministic=True)
            return int(connection.execute(_COUNT, query.values()).fetchone()[0])

        return self._file.use(count)

    def choices(self) -> Choices:
        """Return the names that a query can contain."""

        def read(connection: sqlite3.Connection) -> Choices:
            follow(connection, self.folder)
            return Choices.read(connection)

        return self._file.use(read)

    def left_out(self) -> list[LeftOut]:
        """Return the files and folders that cannot be listed, with the reasons."""

        def read(connection: sqlite3.Connection) -> list[LeftOut]:
            found = follow(connection, self.folder)
            rows = connection.execute("SELECT day, name, reason FROM left_out ORDER BY day, name")
            found += [LeftOut(self.folder / day / name, reason) for day, name, reason in rows]
            return found

        return self._file.use(read)

    def rebuild(self) -> int:
        """Discard the index, read every sidecar and return how many pictures there are."""
        self._file.discard()

        def count(connection: sqlite3.Connection) -> int:
            follow(connection, self.folder)
            return int(connection.execute("SELECT count(*) FROM pictures").fetchone()[0])

        return self._file.use(count)

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
                raise ForeignRowError
            path = self.folder / day / name
            sidecar = path.with_suffix(".json")
            return Artifact(
                identity, path, sidecar, prompt, checkpoint, int(seed), created, found, *numbers
            )
        except (ValueError, TypeError, RecursionError) as error:
            raise ForeignRowError from error
