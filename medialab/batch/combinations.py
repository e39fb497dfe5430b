"""The combinations of a sweep: requests made of values that were checked one by one.

Checking a whole request takes a hundred times as long as making one of valid values. So each value
of an axis is checked once, and each check of several settings once for every combination of the
values that it looks at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from medialab.batch.axes import Axis
from medialab.batch.setting_names import model_at
from medialab.config.pipeline import PipelineConfig
from medialab.errors import MediaLabError
from medialab.prompts import without_tags
from medialab.settings.fields import StageConfig
from medialab.settings.sampling import BASE
from medialab.settings.single import valid_value
from medialab.settings.validation import explain
from medialab.stages import STAGES

# Settings of stages that are kept: a sweep through few of them meets each again and again.
_MOST_PARTS = 10_000
# What decides which stages run, besides their own settings.
_RUN_BY = frozenset({"mode", "control", *(stage.name for stage in STAGES)})
# What a stage inherits, and no check compares.
_NEVER_SEEN = frozenset(
    {
        *("seed", "guidance_scale", "distilled_guidance_scale", "guidance_start", "guidance_end"),
        *("clip_skip", "emphasis"),
    }
)

ResultT = TypeVar("ResultT")
Place = tuple[int, ...]
"""The index of each axis' value in a cell."""


@dataclass(frozen=True)
class Refused:
    """Why a value, or several together, are refused.

    Attributes:
        field: the setting's dotted name; "" where that is not known.
        message: a sentence.
    """

    field: str
    message: str


class Combinations:
    """The requests of combinations of values.

    Args:
        base: the request that is varied.
        axes: the axes; their values are checked here.

    Attributes:
        axes: the axes, with their values as a config holds them; refused ones as they were given.
        wrong: why values are refused whatever the others are, by axis and index.
    """

    def __init__(self, base: PipelineConfig, axes: Sequence[Axis]) -> None:
        self.base = base
        self.wrong: dict[tuple[int, int], Refused] = {}
        self.axes = tuple(self._checked(number, axis) for number, axis in enumerate(axes))
        # For each value, what it sets at the top level ("") and in each stage.
        self._points = [[_by_stage(point) for point in axis.points] for axis in self.axes]
        self._of_stages: dict[str, list[int]] = {}
        for number, axis in enumerate(self.axes):
            for stage in dict.fromkeys(name.rpartition(".")[0] for name in axis.settings):
                if stage:
                    self._of_stages.setdefault(stage, []).append(number)
        self._part = lru_cache(_MOST_PARTS)(self._new_part)
        self._checks = [
            *(_Once(self._refused_part(stage), self.axes, {stage}) for stage in self._of_stages),
            *(
                _Once(self._refused_by(check.run), self.axes, check.reads)
                for check in PipelineConfig.checks()
            ),
        ]
        self._stages = _Once(self._running, self.axes, _RUN_BY)

    def request(self, place: Place) -> PipelineConfig:
        """Return the request of a cell that is not `refused`."""
        settings: dict[str, Any] = {}
        for points, index in zip(self._points, place, strict=True):
            settings |= points[index].get("", {})
        for stage, axes in self._of_stages.items():
            settings[stage] = self._part(stage, tuple([place[axis] for axis in axes]))
        return self.base.model_copy(update=settings)

    def refused(self, place: Place) -> Refused | None:
        """Return why a cell is refused; None if it is not."""
        if self.wrong:
            for value in enumerate(place):
                if value in self.wrong:
                    return self.wrong[value]
        for check in self._checks:
            if (refused := check.of(place)) is not None:
                return refused
        return None

    def stages(self, place: Place) -> Sequence[str]:
        """Return the names of the stages that run, in order, in a cell that is not `refused`."""
        return self._stages.of(place)

    def refused_alone(self, axis: int, index: int) -> Refused | None:
        """Return why the base is refused with one value; None if it is not."""
        one = self.axes[axis]
        only = replace(one, points=(one.points[index],), labels=(one.labels[index],))
        return Combinations(self.base, [only]).refused((0,))

    def _running(self, place: Place) -> tuple[str, ...]:
        request = self.request(place)
        return tuple([stage.name for stage in STAGES if stage.runs(request)])

    def _refused_by(self, check: Callable[[Any], object]) -> Callable[[Place], Refused | None]:
        return lambda place: _refused(check, self.request(place))

    def _refused_part(self, stage: str) -> Callable[[Place], Refused | None]:
        """Return a function that tells why a stage's own settings are refused in a cell."""
        axes = self._of_stages[stage]

        def refused(place: Place) -> Refused | None:
            part = self._part(stage, tuple([place[axis] for axis in axes]))
            found = (_refused(check.run, part, stage) for check in part.checks())
            return next((one for one in found if one is not None), None)

        return refused

    def _new_part(self, stage: str, indices: Place) -> StageConfig:
        """Return the settings of a stage, by the indices of the axes that set some of it."""
        settings: dict[str, Any] = {}
        for axis, index in zip(self._of_stages[stage], indices, strict=True):
            settings |= self._points[axis][index].get(stage, {})
        old: StageConfig = getattr(self.base, stage)
        return old.model_copy(update=settings)

    def _checked(self, number: int, axis: Axis) -> Axis:
        points = []
        for index, point in enumerate(axis.points):
            typed: dict[str, Any] = {}
            for name, value in point.items():
                model, last = model_at(name)
                try:
                    typed[name] = valid_value(model, last, value)
                except ValidationError as error:
                    told = f"{name.removesuffix(last)}{explain(error, model)}"
                    self.wrong[number, index] = Refused(name, told)
                    typed[name] = value
            points.append(typed)
        return replace(axis, points=tuple(points))


class _Once(Generic[ResultT]):
    """A function of cells that is called once for all that are alike in what it looks at.

    Args:
        function: takes a cell's place.
        axes: the axes.
        reads: names of the settings and stages that it looks at; None for all.
    """

    def __init__(
        self,
        function: Callable[[Place], ResultT],
        axes: Sequence[Axis],
        reads: "frozenset[str] | set[str] | None",
    ) -> None:
        self._function = function
        self._results: dict[Place, ResultT] = {}
        numbers = ((number, _numbers(axis, reads)) for number, axis in enumerate(axes))
        self._numbers = [(number, found) for number, found in numbers if any(found)]

    def of(self, place: Place) -> ResultT:
        key = tuple([numbers[place[axis]] for axis, numbers in self._numbers])
        if key not in self._results:
            self._results[key] = self._function(place)
        return self._results[key]


def _numbers(axis: Axis, reads: "frozenset[str] | set[str] | None") -> list[int]:
    """Return a number for each value; the same for those that are alike in what is looked at."""
    known: dict[str, int] = {}

    def number(point: Mapping[str, Any]) -> int:
        seen = [
            (name, _seen(name, value))
            for name, value in sorted(point.items())
            if reads is None or name.partition(".")[0] in reads
        ]
        return known.setdefault(repr(seen), len(known))

    return [number(point) for point in axis.points]


def _seen(name: str, value: Any) -> Any:
    """Return what a check of several settings may see of a value: all, or as much as it needs."""
    last = name.rpartition(".")[2]
    if last in _NEVER_SEEN:
        return None
    if last == "denoising_strength":
        return value != 0  # whether the stage draws
    if last == "prompt" and isinstance(value, str):
        return len(value), len(without_tags(value)), value.count(BASE)  # as `with_base`
    return value


def _refused(
    check: Callable[[Any], object], config: StageConfig, stage: str = ""
) -> Refused | None:
    try:
        check(config)
    except ValueError as error:
        cause = error.__cause__
        field = cause.setting if isinstance(cause, MediaLabError) else ""
        return Refused(field or "", f"{stage}: {error}" if stage else str(error))
    return None


def _by_stage(point: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of a value by their stages; those of the top level by ""."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in point.items():
        stage, _, last = name.rpartition(".")
        found.setdefault(stage, {})[last] = value
    return found
