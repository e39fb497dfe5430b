"""The rows of a sweep that are denoised at once: those that differ in seeds and prompts alone.

Which rows stand together, and at which places, follows from the sweep. So a batch that is stopped
and run again makes the same pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from heapq import heapreplace
from math import prod
from typing import Any, NamedTuple, Protocol

from medialab.batch.combinations import Place
from medialab.batch.order import rank
from medialab.batch.sweep import Sweep
from medialab.config.pipeline import MOST_TOGETHER, PipelineConfig
from medialab.config.resolved import ResolvedConfig, Together
from medialab.errors import MediaLabError, WorkerEndedError
from medialab.stages import STAGES

_SEED = "seed"
_PROMPTS = ("prompt", "negative_prompt")
_TEXTS = frozenset(
    {*_PROMPTS, "styles"}
    | {f"{one.name}.{name}" for one in STAGES if one.is_mode for name in _PROMPTS}
)
# How many times later the last of several devices may be done than if all had as much to draw.
MOST_LATER = 1.1
_MOST_KEPT = 16  # groups: the rows of one are made one after another, or nearly so


class Resolving(Protocol):
    """What finding neighbours needs of a workbench."""

    @property
    def resolve(self) -> Callable[[PipelineConfig], ResolvedConfig]:
        """See `Workbench.resolve`."""

    @property
    def alike(self) -> Callable[[Sequence[ResolvedConfig]], list[Any]]:
        """See `Workbench.alike`."""


class Joined(NamedTuple):
    """A row's request, with its place among others, and the requests and rows of the others."""

    config: ResolvedConfig
    beside: tuple[ResolvedConfig, ...] = ()
    rows: tuple[int, ...] = ()


class Neighbours:
    """Finds the rows that are denoised at once with a row.

    Rows of all seeds and prompts lie in order, seeds last. A group is a part of a prompt's seeds,
    or the seeds of several prompts; those of its rows whose texts have other shapes stand apart.
    Groups are smaller where several devices would not end at nearly the same time otherwise.

    Args:
        sweep: The sweep, with its seeds.
        bench: Resolves requests, and tells which are alike.
        devices: How many devices make the rows.
    """

    def __init__(self, sweep: Sweep, bench: Resolving, devices: int = 1) -> None:
        self._sweep, self._bench, self._devices = sweep, bench, devices
        joined = [at for at, axis in enumerate(sweep.axes) if {*axis.settings} <= {_SEED, *_TEXTS}]
        seeds = {at for at in joined if _SEED in sweep.axes[at].settings}
        ranks = {at: min(map(rank, sweep.axes[at].settings)) for at in joined}
        joined.sort(key=lambda at: (at in seeds, ranks[at]))
        self._axes: Sequence[int] = joined if sweep.how == "grid" else ()
        self._lengths = [sweep.shape[at] for at in self._axes]
        self._seeds = prod(sweep.shape[at] for at in self._axes if at in seeds)
        self._counts: dict[Place, int] = {}
        self._grouped = lru_cache(_MOST_KEPT)(self._resolved_group)

    def joined(self, row: int) -> Joined:
        """Return a row's request, resolved, with those that it is denoised with, if there are any.

        A group is resolved once for all of its rows, as long as no more than some others come
        between them.

        Raises:
            MediaLabError: the row's request is refused.
            WorkerEndedError: the processes that were asked for it died: nothing is known of it.
        """
        rows = self._group(row)
        found = self._grouped(rows).get(row) if len(rows) > 1 else None
        return found or Joined(self._bench.resolve(self._sweep.config(row)))

    def _resolved_group(self, rows: tuple[int, ...]) -> Mapping[int, Joined]:
        """Return the requests of a group's rows; none if one is refused, which is told then."""
        try:
            configs = [self._bench.resolve(self._sweep.config(row)) for row in rows]
        except WorkerEndedError:  # says nothing of the request
            raise
        except MediaLabError:
            return {}
        kinds: list[tuple[Any, list[int]]] = []
        for at, kind in enumerate(self._bench.alike(configs)):
            same = next((ats for one, ats in kinds if one == kind), None)
            if same is None:
                kinds.append((kind, [at]))
            else:
                same.append(at)
        return {
            rows[at]: joined
            for _, ats in kinds
            for at, joined in zip(
                ats, _placed([(rows[at], configs[at]) for at in ats]), strict=True
            )
        }

    def _group(self, row: int) -> tuple[int, ...]:
        """Return the rows of a row's group, itself among them, in order."""
        cells = prod(self._lengths)
        if cells == 1:
            return (row,)
        place = list(self._sweep.place(row))
        others = tuple(0 if at in self._axes else index for at, index in enumerate(place))
        if others not in self._counts:
            most = self._count(self._row(others), cells)
            self._counts[others] = self._balanced(most, cells) if self._devices > 1 else most
        count, index = self._counts[others], 0
        for at, length in zip(self._axes, self._lengths, strict=True):
            index = index * length + place[at]
        if self._seeds >= count:  # a part of one prompt's seeds
            first = index - index % self._seeds % count
            end = index - index % self._seeds + self._seeds
        else:
            count, end = count - count % self._seeds, cells
            first = index - index % count
        return tuple(self._row_of(others, at) for at in range(first, min(first + count, end)))

    def _row_of(self, others: Place, index: int) -> int:
        """Return the row of a number among those that differ in the joined axes alone."""
        place = [*others]
        for at, length in zip(reversed(self._axes), reversed(self._lengths), strict=True):
            index, place[at] = divmod(index, length)
        return self._row(place)

    def _row(self, place: Sequence[int]) -> int:
        row = 0
        for index, length in zip(place, self._sweep.shape, strict=True):
            row = row * length + index
        return row

    def _count(self, row: int, cells: int) -> int:
        """Return how many pictures of a row's request are denoised at once, as a batch of them."""
        try:
            asked = self._sweep.config(row).changed(batch_size=min(cells, MOST_TOGETHER))
            together = self._bench.resolve(asked).together
        except WorkerEndedError:
            raise
        except MediaLabError:
            return 1
        # A sweep does not measure: its pairs would be others after it was measured.
        return together.pictures if together is not None and together.place == 1 else 1

    def _balanced(self, most: int, cells: int) -> int:
        """Return how many pictures are denoised at once so that no device waits long for others.

        It is the largest number with which the device that is last is nearly as early as it can be.
        """
        if most * self._devices <= (MOST_LATER - 1) * len(self._sweep):
            return most  # the last group is a small part of the work
        lasts = {}
        for count in range(1, most + 1):
            loads = [0] * self._devices
            for size in self._sizes(count, cells) * (len(self._sweep) // cells):
                heapreplace(loads, loads[0] + size)
            lasts[count] = max(loads)
        least = min(lasts.values())
        return max(count for count, last in lasts.items() if last <= MOST_LATER * least)

    def _sizes(self, count: int, cells: int) -> list[int]:
        """Return the sizes of the groups of `cells` rows, of `count` pictures at most."""
        if self._seeds >= count:
            full, rest = divmod(self._seeds, count)
            return ([count] * full + [rest] * (rest > 0)) * (cells // self._seeds)
        full, rest = divmod(cells, count - count % self._seeds)
        return [count - count % self._seeds] * full + [rest] * (rest > 0)


def _placed(rows: Sequence[tuple[int, ResolvedConfig]]) -> list[Joined]:
    """Return rows' requests that are denoised at once, each with its place and the others."""
    if len(rows) == 1:
        return [Joined(rows[0][1])]
    placed = [
        (row, one.model_copy(update={"together": Together(pictures=len(rows), place=place)}))
        for place, (row, one) in enumerate(rows, start=1)
    ]
    found = []
    for at, (_, one) in enumerate(placed):
        others = [*placed[:at], *placed[at + 1 :]]
        beside = tuple(config for _, config in others)
        found.append(Joined(one, beside, tuple(row for row, _ in others)))
    return found
