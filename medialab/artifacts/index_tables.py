"""The tables of the index of pictures, which follow the folders of days and their sidecars."""

import json
import sqlite3
import time
from pathlib import Path

from medialab.artifacts.days import LeftOut, Pair, days_in, pairs_in
from medialab.artifacts.search import folded, joined, names_of, settings_of, words_of
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.errors import ArtifactError

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
# The columns of what a search returns.
FOUND = "id, day, name, prompt, checkpoint, seed, created, tags, stars, width, height"
_REPLACE = f"""
REPLACE INTO pictures
({FOUND}, steps, sampler, guidance_scale, changed, names, folded, words, settings)
VALUES ({", ".join("?" * 19)})
"""  # noqa: S608 - made of constants
# A folder changed more recently than this may change again without a new time (FAT's resolution is
# 2 s), so its time is not trusted yet.
_SETTLED_NS = 3_000_000_000
# Reading thousands of sidecars takes minutes: days are written at least so often, so that a kill
# costs no more, and another process comes in between.
_WRITE_SECONDS = 2.0
_LONGEST_REASON = 400  # characters: a sidecar may hold a value of any length


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, empty, unless there are those of this version."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
        return
    for table in ("days", "left_out", "pictures"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def follow(connection: sqlite3.Connection, folder: Path) -> list[LeftOut]:
    """Update the tables from the folders on disk; return the folders that cannot be read.

    Within a transaction, which is committed between two days if that takes long, and begun again.
    """
    on_disk, closed = days_in(folder)
    known = {
        day: (changed, held)
        for day, changed, held in connection.execute("SELECT day, changed, held FROM days")
    }
    rows = connection.execute("SELECT day, count(*) FROM pictures GROUP BY day")
    counted: dict[str, int] = dict(rows.fetchall())
    for day in (known.keys() | counted.keys()) - on_disk.keys():
        for table in ("pictures", "days", "left_out"):
            connection.execute(f"DELETE FROM {table} WHERE day = ?", (day,))  # noqa: S608
    begun = time.monotonic()
    for day, changed in on_disk.items():
        if time.monotonic() - begun >= _WRITE_SECONDS:
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
        if known.get(day) != (changed, counted.get(day, 0)):
            held, is_whole = _follow_day(connection, folder, day)
            is_settled = is_whole and time.time_ns() - changed > _SETTLED_NS
            settled = changed if is_settled else 0
            connection.execute("REPLACE INTO days VALUES (?, ?, ?)", (day, settled, held))
    return closed


def _follow_day(connection: sqlite3.Connection, folder: Path, day: str) -> tuple[int, bool]:
    """Update the rows of a day from its folder.

    Returns:
        How many pictures it has now, and whether all its sidecars could be read: one that is
        mended in its place leaves the folder's time as it is.
    """
    pairs, left_out = pairs_in(folder / day)
    is_whole = True
    rows = connection.execute("SELECT name, changed FROM pictures WHERE day = ?", (day,))
    known = dict(rows.fetchall())
    found = set()
    for pair in pairs:
        try:
            _follow_pair(connection, day, pair, known.get(pair.name))
            found.add(pair.name)
        except FileNotFoundError:  # deleted in the meantime
            continue
        except ArtifactError as error:
            left_out.append(LeftOut(pair.picture, str(error)))
            is_whole = False
    for name in known.keys() - found:
        connection.execute("DELETE FROM pictures WHERE day = ? AND name = ?", (day, name))
    connection.execute("DELETE FROM left_out WHERE day = ?", (day,))
    connection.executemany(
        "REPLACE INTO left_out VALUES (?, ?, ?)",
        [(day, _written(one, day), _plain(one.reason)) for one in left_out],
    )
    return len(found), is_whole


def _follow_pair(connection: sqlite3.Connection, day: str, pair: Pair, known: int | None) -> None:
    """Update a picture's row from its sidecar.

    Raises:
        FileNotFoundError: the sidecar no longer exists.
        ArtifactError: it cannot be read.
    """
    try:
        changed = pair.sidecar.stat().st_mtime_ns
    except FileNotFoundError as error:
        if pair.sidecar.is_symlink():
            raise ArtifactError("its sidecar is a link to a file that is not there") from error
        raise
    except OSError as error:
        raise ArtifactError(f"its sidecar cannot be read: {error.strerror}") from error
    if changed == known:
        return
    content = Sidecar.read(Path(pair.sidecar.path))
    found, names = Artifact.of(pair.picture, content), joined(names_of(content))
    name = pair.name
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
