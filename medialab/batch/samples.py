"""The fewest requests of a batch that name every model it needs."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from medialab.batch.sweep import Sweep

_PROMPT = "prompt"  # how the names of prompts end; in "<lora:…>" they name models too


def rows_by_models(sweep: Sweep, rows: Iterable[int]) -> list[int]:
    """Return the first row of each set of values that may name models or switch stages on.

    Numbers name none, so that a thousand seeds are one row. Cost: microseconds a row.
    """
    first: dict[Hashable, int] = {}
    for row in rows:
        first.setdefault(_naming(sweep.settings(row)), row)
    return [*first.values()]


def _naming(settings: Mapping[str, Any]) -> Hashable:
    return tuple(
        (name, repr(value))
        for name, value in settings.items()
        if isinstance(value, bool) or not isinstance(value, int | float)
        if not (name.endswith(_PROMPT) and "<" not in str(value))
    )
