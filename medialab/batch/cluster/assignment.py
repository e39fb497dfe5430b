"""Which worker makes what: each stays with its checkpoint as long as there is work for it."""

from collections import Counter
from collections.abc import Iterable, Mapping

# Pictures sent to a worker: the next one is there when one is finished.
_MOST_SENT = 2


def next_checkpoint(left: Mapping[str, int], own: str, others: Iterable[str]) -> str | None:
    """Return the checkpoint whose next picture a worker makes; None if nothing is left.

    Args:
        left: Pictures left of each checkpoint, in the order of the batch.
        own: The checkpoint that the worker has in memory; "" if none.
        others: Those that the other workers have.

    Returns:
        Its own if there is work for it, else the one with most work for each of its workers.
    """
    if own in left:
        return own
    busy = Counter(others)
    return max(left, key=lambda name: left[name] / (1 + busy[name]), default=None)


def room(left: int, workers: int) -> int:
    """Return how many pictures a worker may have; the last ones are not sent before they begin.

    Args:
        left: Pictures that no worker has.
        workers: How many workers there are.
    """
    return _MOST_SENT if left > workers else 1
