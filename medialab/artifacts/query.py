"""Search queries for pictures, and the words and names that the index stores for them."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from medialab.artifacts.sidecar import Sidecar
from medialab.config.resolved import LORA
from medialab.errors import ArtifactError

# Prefixes of checkpoints and tags in the index; LoRAs have the prefix that they have in a config.
_CHECKPOINT, _TAG = "checkpoint/", "tag/"

# Over the columns `words`, `folded`, `created` and `stars`; the values are `Query.values`.
# The cheap conditions stand first, since SQLite evaluates them in this order.
CONDITION = """
stars >= :least_stars AND created >= :since AND created < :until
AND (:names = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:names) AS wanted WHERE instr(folded, wanted.value) = 0))
AND (:words = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:words) AS wanted WHERE instr(words, wanted.value) = 0))
"""


@dataclass(frozen=True)
class Query:
    """Conditions that pictures must all meet; upper and lower case are alike.

    Attributes:
        text: Each of its words occurs in the prompt, a tag, or the name of a checkpoint or LoRA.
        tags: Tags that the picture has, in full.
        checkpoint: Its checkpoint's full name; None for any.
        lora: Full name of a LoRA that it uses; None for any.
        since: First day, in this machine's time zone; None for no limit.
        until: Last day, included; None for no limit.
        least_stars: 0 to 5.

    Raises:
        ArtifactError: `least_stars` is not 0 to 5, or `since` is after `until`.
    """

    text: str = ""
    tags: tuple[str, ...] = ()
    checkpoint: str | None = None
    lora: str | None = None
    since: date | None = None
    until: date | None = None
    least_stars: int = 0

    def __post_init__(self) -> None:
        if self.least_stars not in range(6):
            raise ArtifactError(f"least_stars={self.least_stars}: choose 0 to 5")
        if self.since and self.until and self.since > self.until:
            raise ArtifactError(f"since={self.since} is after until={self.until}; swap them")

    def values(self) -> Mapping[str, str | int]:
        """Return the parameters of `CONDITION`."""
        names = [f"{_TAG}{tag}" for tag in self.tags]
        names += [f"{_CHECKPOINT}{self.checkpoint}"] if self.checkpoint else []
        names += [f"{LORA}{self.lora}"] if self.lora else []
        return {
            "words": json.dumps(self.text.casefold().split()),
            "names": json.dumps([_lines([name]).casefold() for name in names]),
            "since": _begin(self.since) if self.since else "",
            # "~" sorts after every date.
            "until": _begin(self.until + timedelta(days=1)) if self.until else "~",
            "least_stars": self.least_stars,
        }


@dataclass(frozen=True)
class Choices:
    """The names by which pictures can be searched, each list in alphabetical order."""

    tags: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Choices":
        """Read all names in the index."""
        rows = connection.execute("SELECT DISTINCT names FROM pictures")
        names = {name for (lines,) in rows for name in lines.split("\n")}

        def of(kind: str) -> tuple[str, ...]:
            bare = (name.removeprefix(kind) for name in names if name.startswith(kind))
            return tuple(sorted(bare, key=lambda name: (name.casefold(), name)))

        return cls(of(_TAG), of(_CHECKPOINT), of(LORA))


def words_of(sidecar: Sidecar) -> str:
    """Return the text in which `Query.text` is searched."""
    bare = (name.partition("/")[2] for name in _names(sidecar))
    return "\n".join((sidecar.config.prompt, *bare)).casefold()


def names_of(sidecar: Sidecar) -> str:
    """Return its tags, checkpoints and LoRAs, one per line."""
    return _lines(_names(sidecar))


def _names(sidecar: Sidecar) -> Iterator[str]:
    config = sidecar.config
    yield from (f"{_TAG}{tag}" for tag in sidecar.tags)
    yield f"{_CHECKPOINT}{config.checkpoint}"
    kinds = (_CHECKPOINT, LORA)
    yield from (name for name in config.models_sha256 if name.startswith(kinds))


def _lines(names: Iterable[str]) -> str:
    """Return each name between line ends, so that a search can match whole names."""
    return "".join(f"\n{' '.join(name.split())}" for name in names) + "\n"


def _begin(day: date) -> str:
    """Return the start of a day in the local time zone, in the format of sidecars."""
    begin = datetime.combine(day, time.min).astimezone()
    return begin.astimezone(UTC).isoformat(timespec="microseconds")
