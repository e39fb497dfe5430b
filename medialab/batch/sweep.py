"""A sweep: a base request and axes; each cell is the request of one picture."""

import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import Any, Literal, get_args

from pydantic_core import to_jsonable_python

from medialab.batch.axes import MOST_CELLS, Axis, Point, read_axes
from medialab.batch.combinations import Combinations, Place
from medialab.batch.faults import Fault, faults_in, refuse_faults
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, listed
from medialab.settings.fields import DRAWN_BELOW, RANDOM_SEED

How = Literal["grid", "zip", "random"]


class Sweep:
    """The requests of all combinations of some values.

    Cells are numbered from 0; with `how="grid"` the last axis varies fastest. A cell is made when
    it is asked for, so that a large sweep costs little.

    Args:
        base: the request that is varied.
        axes: values by the names of settings, as `medialab.batch.axes.read_axis` takes them; or
            axes that were read already.
        how: "grid" for all combinations; "zip" for the first values of all axes, then the second,
            …; "random" for `count` different ones of the grid's.
        count: how many, with "random".
        seed: of the choice, with "random"; the same seed chooses the same.
        rows: a choice made before, with "random": the numbers of its cells in the grid.

    Raises:
        ConfigError: an axis cannot be read, there are too many cells, or a value or combination
            is refused; the message has a sentence for each of the first 20 faults.
    """

    def __init__(
        self,
        base: PipelineConfig,
        axes: Mapping[str | tuple[str, ...], Any] | Sequence[Axis],
        how: How = "grid",
        *,
        count: int | None = None,
        seed: int = 0,
        rows: Sequence[int] | None = None,
    ) -> None:
        if how not in get_args(How):
            message = f"how={how!r}; {listed(how, get_args(How))}"
            raise ConfigError(message).about("how", get_args(How))
        self.base, self.how = base, how
        read = read_axes(axes, base) if isinstance(axes, Mapping) else axes
        self.shape = tuple(map(len, read))
        # Before any value is looked at: there may be very many.
        self._chosen = self._choose(read, count, seed) if rows is None else rows
        self.combinations = Combinations(base, read)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Sweep":
        """Return the sweep that `as_plain` wrote.

        Raises:
            ConfigError: its base is no request of this version.
            KeyError, TypeError: it is something else.
        """
        axes = [Axis(one["name"], (*one["points"],), (*one["labels"],)) for one in plain["axes"]]
        return cls(PipelineConfig.parse(plain["base"]), axes, plain["how"], rows=plain["rows"])

    def as_plain(self) -> dict[str, Any]:
        """Return the sweep as plain values for `of_plain`."""
        axes = [
            {
                "name": axis.name,
                "labels": list(axis.labels),
                "points": to_jsonable_python(axis.points),
            }
            for axis in self.axes
        ]
        base = self.base.model_dump(mode="json")
        return {"base": base, "axes": axes, "how": self.how, "rows": self._chosen}

    @property
    def axes(self) -> Sequence[Axis]:
        """The axes, with their values as the settings hold them; refused ones as given."""
        return self.combinations.axes

    def __len__(self) -> int:
        if self._chosen is not None:
            return len(self._chosen)
        return self.shape[0] if self.how == "zip" and self.shape else math.prod(self.shape)

    def place(self, row: int) -> Place:
        """Return the index of each axis' value in a cell."""
        if not 0 <= row < len(self):
            raise IndexError(f"there is no row {row}; they go from 0 to {len(self) - 1:,}")
        if self.how == "zip":
            return (row,) * len(self.axes)
        return self._unravelled(row if self._chosen is None else self._chosen[row])

    def places(self) -> Iterator[Place]:
        """Yield `place` of every cell, in order."""
        if self.how == "grid":
            return product(*map(range, self.shape))
        return map(self.place, range(len(self)))

    def settings(self, row: int) -> dict[str, Any]:
        """Return what a cell sets, by dotted names."""
        found: dict[str, Any] = {}
        for axis, index in zip(self.axes, self.place(row), strict=True):
            found |= axis.points[index]
        return found

    def labels(self, row: int) -> dict[str, str]:
        """Return the label of each axis' value in a cell, by the axes' names."""
        places = zip(self.axes, self.place(row), strict=True)
        return {axis.name: axis.labels[index] for axis, index in places}

    def config(self, row: int) -> PipelineConfig:
        """Return the request of a cell.

        Raises:
            ConfigError: its values are refused.
        """
        place = self.place(row)
        if (refused := self.combinations.refused(place)) is not None:
            raise ConfigError(refused.message)
        return self.combinations.request(place)

    def configs(self) -> Iterator[PipelineConfig]:
        """Yield the request of every cell, in order."""
        return map(self.config, range(len(self)))

    @cached_property
    def faults(self) -> Sequence[Fault]:
        """Every fault: of a value that no cell can have, told once; and of single cells."""
        return faults_in(self.combinations, self.places, self.labels)

    def check(self) -> None:
        """Refuse the sweep if it has faults.

        Raises:
            ConfigError: with a sentence for each of the first 20.
        """
        refuse_faults(self.faults)

    def with_seeds(self, drawn: int) -> "Sweep":
        """Return the sweep with seeds in place of those left to chance.

        All rows share one, so that they differ in what is swept only; where the seed itself is
        swept, each value that is left to chance has one of its own.

        Args:
            drawn: The seed; others are counted from it.
        """
        base = self.base
        if base.seed == RANDOM_SEED:
            base = base.model_copy(update={"seed": drawn % DRAWN_BELOW})
        axes = [replace(axis, points=_seeded(axis.points, drawn)) for axis in self.axes]
        return Sweep(base, axes, self.how, rows=self._chosen)

    def _choose(self, axes: Sequence[Axis], count: int | None, seed: int) -> Sequence[int] | None:
        """Return the chosen cells of the grid, in its order; None for all.

        Raises:
            ConfigError: lengths differ, `count` does not fit, or there are too many cells.
        """
        total = math.prod(self.shape)
        if self.how == "zip" and len(set(self.shape)) > 1:
            lengths = ", ".join(f"{axis.name} has {len(axis)}" for axis in axes)
            message = f"with how='zip' all axes need as many values: {lengths}"
            raise ConfigError(message)
        if self.how != "random":
            if count is not None:
                message = f"count={count} is for how='random'; leave it out with {self.how!r}"
                raise ConfigError(message).about("count")
            if self.how == "grid":
                _refuse_too_many(total)
            return None
        if count is None or not 1 <= count <= total:
            message = (
                f"count={count}: how='random' needs 1 to {total:,}, the combinations there are"
            )
            raise ConfigError(message).about("count")
        _refuse_too_many(count)
        return _sample(total, count, random.Random(seed))

    def _unravelled(self, number: int) -> tuple[int, ...]:
        places = []
        for length in reversed(self.shape):
            number, place = divmod(number, length)
            places.append(place)
        return tuple(reversed(places))


def value_of(config: PipelineConfig, name: str) -> Any:
    """Return a request's value of a setting, by its dotted name."""
    for part in name.split("."):
        config = getattr(config, part)
    return config


def _seeded(points: Sequence[Point], drawn: int) -> tuple[Point, ...]:
    """Return an axis' points with a seed of its own for each that leaves it to chance."""
    return tuple(
        {**point, "seed": (drawn + number) % DRAWN_BELOW}
        if point.get("seed") == RANDOM_SEED
        else point
        for number, point in enumerate(points, 1)
    )


def _sample(total: int, count: int, chance: random.Random) -> list[int]:
    """Return `count` different numbers below `total`, in order."""
    if total <= sys.maxsize:
        return sorted(chance.sample(range(total), count))
    found: set[int] = set()  # a range that long has no length
    while len(found) < count:
        found.add(chance.randrange(total))
    return sorted(found)


def _refuse_too_many(cells: int) -> None:
    if cells > MOST_CELLS:
        message = (
            f"{cells:,} pictures are more than {MOST_CELLS:,}; take fewer values, or "
            "how='random' with a count"
        )
        raise ConfigError(message)
