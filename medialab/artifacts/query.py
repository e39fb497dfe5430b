"""Search queries for pictures, and the names that they can contain."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from medialab.artifacts.search import CHECKPOINT, TAG, Term, folded, joined, terms_of
from medialab.artifacts.tag_names import tag_key
from medialab.config.resolved import LORA
from medialab.errors import ArtifactError

# Over columns of the index; the values are `Query.values`, and `fits` is `Query.fits`. The cheap
# conditions stand first, since SQLite evaluates them in order.
CONDITION = """
stars >= :least_stars AND created >= :since AND created < :until
AND (:seed = '' OR seed = :seed)
AND (:names = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:names) AS wanted WHERE instr(folded, wanted.value) = 0))
AND (:words = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:words) AS wanted WHERE instr(words, wanted.value) = 0))
AND (:without = '[]' OR NOT EXISTS
    (SELECT * FROM json_each(:without) AS unwanted WHERE instr(words, unwanted.value) > 0))
AND (:keyed = 0 OR fits(settings))
"""
_FIRST, _LAST = "", "~"  # sort before and after every date
_LATEST = "created DESC, id DESC, name"
# The orders in which pictures can be listed, as SQL.
ORDERS: Final[Mapping[str, str]] = {
    "newest": _LATEST,
    "oldest": "created, id, name",
    "stars": f"stars DESC, {_LATEST}",
    "name": "name, day, id",
    "prompt": f"prompt COLLATE NOCASE, {_LATEST}",
    "model": f"checkpoint COLLATE NOCASE, {_LATEST}",
    "seed": f"length(seed), seed, {_LATEST}",
    "size": f"width * height DESC, {_LATEST}",
}


@dataclass(frozen=True)
class Query:
    """Conditions that pictures must all meet; upper and lower case are alike.

    Attributes:
        text: The words of a search, as `medialab.artifacts.search` describes them: plain words
            occur in a prompt, a name, a tag or the seed; `seed:7` and `lora:ink` ask a setting.
        tags: Tags that the picture has, in full; "character:" stands for any tag of that type.
        checkpoint: Its checkpoint's full name; None for any.
        lora: Full name of a LoRA that it uses; None for any.
        seed: Its seed; None for any.
        since: First day, in this machine's time zone; None for no limit.
        until: Last day, included; None for no limit.
        least_stars: 0 to 5.
        order: One of `ORDERS`: newest, oldest, stars, name, prompt, model, seed, size.

    Raises:
        ArtifactError: `text` asks for an unknown setting, `order` is none, `least_stars` is not 0
            to 5, or `since` is after `until`.
    """

    text: str = ""
    tags: tuple[str, ...] = ()
    checkpoint: str | None = None
    lora: str | None = None
    seed: int | None = None
    since: date | None = None
    until: date | None = None
    least_stars: int = 0
    order: str = "newest"
    terms: tuple[Term, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        if self.least_stars not in range(6):
            raise ArtifactError(f"least_stars={self.least_stars}: choose 0 to 5")
        if self.since and self.until and self.since > self.until:
            raise ArtifactError(f"since={self.since} is after until={self.until}; swap them")
        if self.order not in ORDERS:
            raise ArtifactError(f"order={self.order!r}: choose {', '.join(ORDERS)}")
        object.__setattr__(self, "terms", terms_of(self.text))

    def values(self) -> Mapping[str, str | int]:
        """Return the parameters of `CONDITION`."""
        names = [f"{CHECKPOINT}{self.checkpoint}"] if self.checkpoint else []
        names += [f"{LORA}{self.lora}"] if self.lora else []
        whole = [folded(joined([name])) for name in names]
        plain = [term for term in self.terms if not term.key]
        return {
            "words": json.dumps([term.text for term in plain if not term.excluded]),
            "without": json.dumps([term.text for term in plain if term.excluded]),
            "names": json.dumps([*map(_wanted_tag, self.tags), *whole]),
            "seed": "" if self.seed is None else str(self.seed),
            "since": _begin(self.since) if self.since else _FIRST,
            "until": _end(self.until) if self.until else _LAST,
            "least_stars": self.least_stars,
            "keyed": len(plain) < len(self.terms),
        }

    @property
    def fits(self) -> Callable[[str], bool]:
        """A function that checks the terms with a key against a picture's settings."""
        keyed = [term for term in self.terms if term.key]
        return lambda settings: all(term.holds(settings) for term in keyed)


@dataclass(frozen=True)
class Choices:
    """The names by which pictures can be searched, in alphabetical order, with their pictures.

    Each maps a name to the number of pictures that have it.
    """

    tags: Mapping[str, int] = field(default_factory=dict)
    checkpoints: Mapping[str, int] = field(default_factory=dict)
    loras: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Choices":
        """Read all names in the index."""
        counted: Counter[str] = Counter()
        for lines, count in connection.execute(
            "SELECT names, count(*) FROM pictures GROUP BY names"
        ):
            counted.update(dict.fromkeys(filter(None, lines.split("\n")), count))

        def of(kind: str) -> dict[str, int]:
            bare = [name.removeprefix(kind) for name in counted if name.startswith(kind)]
            bare.sort(key=lambda name: (name.casefold(), name))
            return {name: counted[f"{kind}{name}"] for name in bare}

        return cls(_same_joined(of(TAG)), of(CHECKPOINT), of(LORA))


def _same_joined(tags: Mapping[str, int]) -> dict[str, int]:
    """Return tags with those that are the same counted together, as most pictures have them."""
    counted: dict[str, dict[str, int]] = {}
    for tag, count in tags.items():
        counted.setdefault(tag_key(tag), {})[tag] = count
    return {max(one, key=lambda tag: one[tag]): sum(one.values()) for one in counted.values()}


def _wanted_tag(tag: str) -> str:
    """Return what the names of a picture with this tag contain, or with any tag of a type."""
    whole = folded(joined([f"{TAG}{tag}"]))
    return whole.removesuffix("\n") if tag.rstrip().endswith(":") else whole


def _begin(day: date) -> str:
    """Return the start of a day in the local time zone, in the format of sidecars."""
    try:
        begin = datetime.combine(day, time.min).astimezone()
        return begin.astimezone(UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError):  # UTC has no such moment: year 1 or 9999
        return _FIRST if day.year == date.min.year else _LAST


def _end(day: date) -> str:
    """Return the end of a day, as `_begin`."""
    return _LAST if day == date.max else _begin(day + timedelta(days=1))
