"""Queries on a run's record: what its stages actually applied."""

from collections.abc import Iterator, Mapping
from typing import Any

Applied = Mapping[str, Mapping[str, Any]]
DRAWN = "txt2img"  # the stage that draws from the prompt of stage 1


def applied_in(record: Mapping[str, Any]) -> Applied:
    """Return what each stage applied, by its name; empty for a run that applied nothing yet."""
    return {stage["name"]: stage["applied"] for stage in record.get("stages", ())}


def inversions_in(applied: Applied) -> list[str]:
    """Return the names of the textual inversions that any pass used, each once.

    The prompt of stage 1 is drawn by text to image only; other passes encode their own.
    """
    drawn = {name: one for name, one in applied.items() if name != "prompt" or DRAWN in applied}
    return list(dict.fromkeys(_inversions(drawn)))


def steps_handed_over(applied: Applied) -> int:
    """Return how many steps the second checkpoint made."""
    steps = applied.get(DRAWN, {}).get("handover", {}).get("steps", "0 + 0")
    return int(steps.rpartition("+")[2])


def _inversions(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        yield from part.get("embeddings", ())
        part = part.values()
    if isinstance(part, (str, bytes)) or not hasattr(part, "__iter__"):
        return
    for inner in part:
        if isinstance(inner, (Mapping, list, tuple)):
            yield from _inversions(inner)
