"""What pictures are looked for by, and the words and names that the index keeps for it."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from medialab.artifacts.sidecar import Sidecar
from medialab.errors import ArtifactError
from medialab.settings.config import LORA

# What begins the names of checkpoints and tags in the index; LoRAs' begin as in a config.
_CHECKPOINT, _TAG = "checkpoint/", "tag/"

# Over the columns `words`, `folded`, `created` and `stars`; the values are `Query.values`.
# The cheap ones stand first: they are asked in this order.
CONDITION = """
stars >= :least_stars AND created >= :since AND created < :until
AND (:names = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:names) AS wanted WHERE instr(folded, wanted.value) = 0))
AND (:words = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:words) AS wanted WHERE instr(words, wanted.value) = 0))
"""


@dataclass(frozen=True)
class Query:
    """Pictures with all of this; capitals never matter.

    Every word of `text` stands in the prompt, a tag, or the name of a checkpoint or LoRA. `tags`,
    `checkpoint` and `lora` are whole names. `since` and `until` are days of this machine's zone,
    both included.

    Raises:
        ArtifactError: `least_stars` is not 0 to 5, or the days are the wrong way round.
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
        """What `CONDITION` is to be asked with."""
        names = [f"{_TAG}{tag}" for tag in self.tags]
        names += [f"{_CHECKPOINT}{self.checkpoint}"] if self.checkpoint else []
        names += [f"{LORA}{self.lora}"] if self.lora else []
        return {
            "words": json.dumps(self.text.casefold().split()),
            "names": json.dumps([_lines([name]).casefold() for name in names]),
            "since": _begin(self.since) if self.since else "",
            # Past the last day of any text that begins with a digit.
            "until": _begin(self.until + timedelta(days=1)) if self.until else "~",
            "least_stars": self.least_stars,
        }


@dataclass(frozen=True)
class Choices:
    """The names that pictures can be looked for by, each list in the order of the alphabet."""

    tags: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Choices":
        """All there are in the index."""
        rows = connection.execute("SELECT DISTINCT names FROM pictures")
        names = {name for (lines,) in rows for name in lines.split("\n")}

        def of(kind: str) -> tuple[str, ...]:
            bare = (name.removeprefix(kind) for name in names if name.startswith(kind))
            return tuple(sorted(bare, key=lambda name: (name.casefold(), name)))

        return cls(of(_TAG), of(_CHECKPOINT), of(LORA))


def words_of(sidecar: Sidecar) -> str:
    """What `Query.text` is looked for in."""
    bare = (name.partition("/")[2] for name in _names(sidecar))
    return "\n".join((sidecar.config.prompt, *bare)).casefold()


def names_of(sidecar: Sidecar) -> str:
    """Its tags, checkpoints and LoRAs, a line each."""
    return _lines(_names(sidecar))


def _names(sidecar: Sidecar) -> Iterator[str]:
    config = sidecar.config
    yield from (f"{_TAG}{tag}" for tag in sidecar.tags)
    yield f"{_CHECKPOINT}{config.checkpoint}"
    kinds = (_CHECKPOINT, LORA)
    yield from (name for name in config.models_sha256 if name.startswith(kinds))


def _lines(names: Iterable[str]) -> str:
    """Each on a line of its own, between line ends: so a whole name can be looked for."""
    return "".join(f"\n{' '.join(name.split())}" for name in names) + "\n"


def _begin(day: date) -> str:
    """The first moment of a day here, as sidecars write moments."""
    begin = datetime.combine(day, time.min).astimezone()
    return begin.astimezone(UTC).isoformat(timespec="microseconds")
