"""The order in which a sweep's pictures are made, and which of them are the same picture."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from medialab.batch.axes import Point
from medialab.batch.sweep import Sweep, value_of
from medialab.config.pipeline import PipelineConfig
from medialab.stages import STAGES

# Changing these loads another model, which costs more than any stage.
_LOADED = ("checkpoint", "text_encoder", "vae", "prediction_type")
_PLACES = {stage.name: place for place, stage in enumerate(STAGES)}


def rank(name: str) -> int:
    """Return how early a setting acts: the place of the first stage that it changes, from 0.

    A setting that changes the loaded checkpoint has -1.

    Args:
        name: The setting's dotted name.
    """
    stage, _, inner = name.rpartition(".")
    if not stage and inner in _LOADED:
        return -1
    if stage in _PLACES:
        return _PLACES[stage]
    owners = (place for place, one in enumerate(STAGES) if inner in one.settings.model_fields)
    return next(owners, len(STAGES))


def costliest_first(sweep: Sweep) -> Sequence[int]:
    """Return the rows in the order that costs least: what acts earliest changes least often.

    Each checkpoint is then loaded once, and pictures that share early stages follow each other.
    """
    ranks = [min(map(rank, axis.settings)) for axis in sweep.axes]
    axes = sorted(range(len(ranks)), key=lambda axis: ranks[axis])
    places = [*sweep.places()]
    # Stable: rows of the same values keep their order.
    return sorted(range(len(places)), key=lambda row: [places[row][axis] for axis in axes])


def same_pictures(sweep: Sweep) -> dict[int, int]:
    """Return for each row that asks for an earlier one's picture the number of that one.

    Settings of stages that do not run make no difference.
    """
    numbers = [(axis, _numbered(sweep, axis)) for axis in range(len(sweep.axes))]
    first: dict[Hashable, int] = {}
    found = {}
    for row, place in enumerate(sweep.places()):
        running = sweep.combinations.stages(place)
        key = tuple(
            [
                number if not stage or stage in running else None
                for axis, stages in numbers
                for stage, number in stages[place[axis]]
            ]
        )
        earlier = first.setdefault(key, row)
        if earlier != row:
            found[row] = earlier
    return found


def _numbered(sweep: Sweep, axis: int) -> list[list[tuple[str, int]]]:
    """Return for each value of an axis the stages that it sets, each with a number.

    Values that set the same in a stage have the same number there; "" is the top level.
    """
    names: dict[str, list[str]] = {}
    for name in sweep.axes[axis].settings:
        names.setdefault(name.rpartition(".")[0], []).append(name)
    numbers: dict[str, dict[Hashable, int]] = {stage: {} for stage in names}
    return [
        [
            (stage, known.setdefault(_values(sweep.base, point, names[stage]), len(known)))
            for stage, known in numbers.items()
        ]
        for point in sweep.axes[axis].points
    ]


def _values(base: PipelineConfig, point: Point, names: Iterable[str]) -> Hashable:
    return tuple(
        _hashable(point[name] if name in point else value_of(base, name)) for name in names
    )


def _hashable(value: Any) -> Hashable:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value
