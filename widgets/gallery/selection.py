"""Which entries of a long list are selected, as ranges that are short to send."""

from collections.abc import Iterable, Iterator, Sequence

Ranges = list[list[int]]  # [first, end] each, the end excluded


def ranges_of(places: Iterable[int]) -> Ranges:
    """Return the ranges that hold these indices."""
    ranges: Ranges = []
    for at in sorted(places):
        if ranges and at <= ranges[-1][1]:
            ranges[-1][1] = max(ranges[-1][1], at + 1)
        else:
            ranges.append([at, at + 1])
    return ranges


def places_in(ranges: Sequence[Sequence[int]], count: int) -> Iterator[int]:
    """Yield the indices in ranges, as far as there are so many entries."""
    for first, end in ranges:
        yield from range(max(0, first), min(count, end))
