"""What a run's record tells of what was applied: the questions that are asked of it."""

from collections.abc import Iterator, Mapping
from typing import Any

Applied = Mapping[str, Mapping[str, Any]]
DRAWN = "txt2img"  # the stage that draws what stage 1 reads


def applied_in(record: Mapping[str, Any]) -> Applied:
    """Return what each stage applied, by its name; nothing of a run that did not come so far."""
    return {stage["name"]: stage["applied"] for stage in record.get("stages", ())}


def inversions_in(applied: Applied) -> list[str]:
    """Return the textual inversions that any prompt was drawn with, each once.

    What stage 1 reads is drawn by text to image; the other passes read for themselves.
    """
    drawn = {name: told for name, told in applied.items() if name != "prompt" or DRAWN in applied}
    return list(dict.fromkeys(_inversions(drawn)))


def steps_handed_over(applied: Applied) -> int:
    """Return how many steps another checkpoint than the base's drew."""
    told = applied.get(DRAWN, {}).get("handover", {}).get("steps", "0 + 0")
    return int(told.rpartition("+")[2])


def _inversions(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        yield from part.get("embeddings", ())
        part = part.values()
    if isinstance(part, (str, bytes)) or not hasattr(part, "__iter__"):
        return
    for inner in part:
        if isinstance(inner, (Mapping, list, tuple)):
            yield from _inversions(inner)
