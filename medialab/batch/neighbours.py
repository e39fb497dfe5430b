"""The rows of a sweep that are denoised at once: those that differ in their seeds alone.

Which rows stand together, and at which places, follows from the sweep. So a batch that is stopped
and run again makes the same pictures.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

from medialab.batch.combinations import Place
from medialab.batch.sweep import Sweep
from medialab.config.pipeline import MOST_TOGETHER, PipelineConfig
from medialab.config.resolved import ResolvedConfig, Together
from medialab.errors import MediaLabError

_SEED = ("seed",)


class Joined(NamedTuple):
    """A row's request, with its place among others, and the requests of the others."""

    config: ResolvedConfig
    beside: tuple[ResolvedConfig, ...] = ()


class Neighbours:
    """Finds the rows that are denoised at once with a row.

    Args:
        sweep: The sweep, with its seeds.
        resolve: Completes a request, as `Workbench.resolve`.
    """

    def __init__(self, sweep: Sweep, resolve: Callable[[PipelineConfig], ResolvedConfig]) -> None:
        self._sweep, self._resolve = sweep, resolve
        axes = [at for at, axis in enumerate(sweep.axes) if tuple(axis.settings) == _SEED]
        self._axis = axes[0] if axes and sweep.how == "grid" else None
        self._counts: dict[Place, int] = {}

    def joined(self, row: int, config: ResolvedConfig) -> Joined:
        """Return a row's request with those that it is denoised with, if there are any.

        Args:
            row: The row's number.
            config: Its request, resolved alone.
        """
        rows = self._group(row)
        if len(rows) == 1:
            return Joined(config)
        try:
            found = [
                config if other == row else self._resolve(self._sweep.config(other))
                for other in rows
            ]
        except MediaLabError:  # it is told when that row is made
            return Joined(config)
        if len({(one.prompt, one.negative_prompt) for one in found}) > 1:
            return Joined(config)
        placed = [
            one.model_copy(update={"together": Together(pictures=len(rows), place=place)})
            for place, one in enumerate(found, start=1)
        ]
        at = rows.index(row)
        return Joined(placed[at], (*placed[:at], *placed[at + 1 :]))

    def _group(self, row: int) -> Sequence[int]:
        """Return the rows of a row's group, itself among them, in the order of their seeds."""
        axis, shape = self._axis, self._sweep.shape
        if axis is None or shape[axis] == 1:
            return [row]
        place = self._sweep.place(row)
        others = (*place[:axis], *place[axis + 1 :])
        if others not in self._counts:
            self._counts[others] = self._count(row, shape[axis])
        count = self._counts[others]
        index, apart = place[axis], prod(shape[axis + 1 :])
        first = index - index % count
        last = min(first + count, shape[axis])
        return [row + (other - index) * apart for other in range(first, last)]

    def _count(self, row: int, seeds: int) -> int:
        """Return how many pictures of a row's request are denoised at once, as a batch of them."""
        try:
            asked = self._sweep.config(row).changed(batch_size=min(seeds, MOST_TOGETHER))
            together = self._resolve(asked).together
        except MediaLabError:
            return 1
        # A sweep does not measure: its pairs would be others after it was measured.
        return together.pictures if together is not None and together.place == 1 else 1
