"""The pictures that a search finds, as a table.

| column | is |
|---|---|
| `path` | the picture's file, relative to the outputs folder |
| `created` | when it was made, in UTC |
| `prompt`, `model`, `loras`, `seed` | what it was made with; `loras` and `tags` are tuples |
| `steps`, `sampler`, `guidance_scale` | of the whole picture |
| `width`, `height` | in pixels |
| `tags`, `stars` | as a person has given them; stars from 0 to 5 |
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from medialab.artifacts.days import DAY
from medialab.artifacts.query import Query
from medialab.artifacts.tag_names import clean_tag
from medialab.config.resolved import LORA
from medialab.errors import ArtifactError, listed, shown
from medialab.process.libraries import require

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "path",
    "created",
    "prompt",
    "model",
    "loras",
    "seed",
    "steps",
    "sampler",
    "guidance_scale",
    "width",
    "height",
    "tags",
    "stars",
)
CONDITIONS: Final = ("tag", "lora", "model", "seed", "since", "until", "stars", "order")
_KINDS: Final = {"steps": int, "guidance_scale": float, "width": int, "height": int, "stars": int}
_TEXTS: Final = ("text", "lora", "model", "order")
_PATH: Final = re.compile(rf"{DAY.pattern}/[^/]+")


def table_of(rows: Sequence[tuple[Any, ...]]) -> "pd.DataFrame":
    """Return rows of the index as a table.

    Cost: 25,000 rows take a tenth of a second.

    Raises:
        ValueError: a row is not one that the index writes.
        MissingLibraryError: pandas is not installed.
    """
    import numpy as np

    pandas = require("pandas")
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    _check(columns)
    found = {name: columns.get(name, ()) for name in COLUMNS}
    read_tags, loras_in = cache(_tags_in), cache(_loras_in)  # few texts are of many pictures
    return pandas.DataFrame(
        found
        | {
            "created": pandas.to_datetime(list(found["created"]), format="ISO8601", utc=True),
            "loras": [loras_in(names) for names in found["loras"]],
            # Above 63 bits, where the usual integers end, there are seeds too.
            "seed": np.fromiter(map(int, found["seed"]), np.uint64),
            "tags": [read_tags(tags) for tags in found["tags"]],
        }
    )


def query_of(text: str = "", **conditions: Any) -> Query:
    """Return the query for the arguments of `Workbench.find`, which describes them.

    Raises:
        ArtifactError: there is no such condition, or its value or the text is not possible.
    """
    for name, value in conditions.items():
        if name not in CONDITIONS:
            raise ArtifactError(
                f"pictures cannot be found by {name}={shown(value)}; "
                f"{listed(name, CONDITIONS)} Any setting can be asked for in the text: "
                '"steps:>20"'
            ).about(name, CONDITIONS)
    for name, value in {"text": text, **conditions}.items():
        if name in _TEXTS and not (isinstance(value, str) or (value is None and name != "text")):
            raise ArtifactError(f"{name}={shown(value)}: it is text").about(name)
    seed, stars = conditions.get("seed"), conditions.get("stars", 0)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ArtifactError(f"seed={shown(seed)}: a seed is a whole number").about("seed")
    if stars not in range(6):
        raise ArtifactError(f"stars={shown(stars)}: choose 0 to 5").about("stars")
    tags = _tags_of(conditions.get("tag"))
    return Query(
        text=text,
        tags=tuple(one if str(one).strip().endswith(":") else clean_tag(one) for one in tags),
        checkpoint=conditions.get("model"),
        lora=conditions.get("lora"),
        seed=seed,
        since=_day_of("since", conditions.get("since")),
        until=_day_of("until", conditions.get("until")),
        least_stars=stars,
        order=conditions.get("order", "newest"),
    )


def _check(columns: Mapping[str, Sequence[Any]]) -> None:
    """Refuse values that the index does not write, whose file others may have changed."""
    for name, values in columns.items():
        if set(map(type, values)) != {_KINDS.get(name, str)}:
            raise ValueError(name)
    if not all(map(_PATH.fullmatch, columns.get("path", ()))):
        message = "path"
        raise ValueError(message)


def _tags_of(given: Any) -> tuple[Any, ...]:
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    if not isinstance(given, list | tuple | set | frozenset):
        message = f"tag={shown(given)}: give one tag as text, or a list of tags"
        raise ArtifactError(message).about("tag")
    return tuple(given)


def _tags_in(text: str) -> tuple[str, ...]:
    return tuple(map(str, json.loads(text)))


def _loras_in(names: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(LORA) for name in names.split("\n") if name.startswith(LORA))


def _day_of(name: str, day: date | str | None) -> date | None:
    if isinstance(day, datetime):
        return day.astimezone().date() if day.tzinfo else day.date()
    if day is None or isinstance(day, date):
        return day
    try:
        return datetime.fromisoformat(day).date()
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{name}={shown(day)} is no day; write it as 2026-11-22").about(
            name
        ) from error
