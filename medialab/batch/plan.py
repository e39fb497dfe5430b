"""What a batch will cost: pictures, those of them that are made, time and disk for the rest."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from medialab.artifacts import ArtifactManager, Query, Sidecar
from medialab.batch.order import costliest_first, rank
from medialab.batch.sweep import Sweep
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ArtifactError
from medialab.stages import STAGES

# Pictures of this machine whose times are taken for what is to come.
_MOST_MEASURED = 20
_MINUTE, _HOUR = 60, 3600  # seconds


@dataclass(frozen=True, repr=False)
class BatchPlan:
    """What a batch will cost; `print` it for a sentence.

    Attributes:
        rows: Pictures asked for.
        same: Rows that ask for another row's picture, which is made once.
        made: Different pictures of the batch that are made already.
        saved: Further ones that are saved already, since they were asked for elsewhere.
        seconds: Expected for the rest; None where nothing alike was made here yet.
        nbytes: Bytes of disk expected for the rest; None likewise.
    """

    rows: int
    same: int
    made: int
    seconds: float | None
    nbytes: int | None
    saved: int = 0

    @property
    def left(self) -> int:
        """Pictures to make."""
        return self.rows - self.same - self.made - self.saved

    def __repr__(self) -> str:
        """Return one sentence for a person."""
        parts = [_pictures(self.rows)]
        if self.same:
            parts.append(f"{self.same:,} of them the same as others, made once")
        if self.made:
            parts.append(f"{self.made:,} made already")
        if self.saved:
            parts.append(f"{self.saved:,} saved already, asked for elsewhere")
        parts.append(f"{self.left:,} to make")
        if self.left:
            time = "time not known yet" if self.seconds is None else f"about {_time(self.seconds)}"
            disk = "" if self.nbytes is None else f" and {self.nbytes / 1e6:,.1f} MB"
            parts.append(time + disk)
        return "; ".join(parts)


class Records:
    """The seconds of stages and the bytes of pictures that were made on this machine.

    Args:
        artifacts: The pictures.
        checkpoint: Of the pictures that count; "" for all.
    """

    def __init__(self, artifacts: ArtifactManager, checkpoint: str) -> None:
        seconds: dict[str, list[float]] = {}
        sizes: list[int] = []
        for artifact in artifacts.find(Query(checkpoint=checkpoint), limit=_MOST_MEASURED):
            try:
                record = Sidecar.read(artifact.sidecar).record
                sizes.append(artifact.path.stat().st_size)
            except (ArtifactError, OSError):  # moved away since
                continue
            for stage in _stages(record):
                seconds.setdefault(stage["name"], []).append(float(stage["seconds"]))
        self.nbytes = round(median(sizes)) if sizes else None
        self._usual = {name: median(spent) for name, spent in seconds.items()}

    @classmethod
    def of(cls, artifacts: ArtifactManager, config: PipelineConfig) -> Self:
        """Return those of pictures that are drawn with a request's checkpoint, if it draws."""
        return cls(artifacts, config.checkpoint if config.is_drawn else "")

    def seconds(self, stages: Iterable[str]) -> float | None:
        """Return the expected seconds of some stages; None if one of them never ran here."""
        found = [self._usual.get(name) for name in stages]
        return None if None in found else sum(filter(None, found))


def expected_seconds(sweep: Sweep, skipped: Collection[int], records: Records) -> float | None:
    """Return the seconds that a sweep will take, in the order in which it is made.

    Args:
        sweep: The sweep.
        skipped: Rows that are not made.
        records: What stages took here before.
    """
    ranks = [min(map(rank, axis.settings)) for axis in sweep.axes]
    before: tuple[int, ...] = ()
    total = 0.0
    known: dict[tuple[Sequence[str], int], float | None] = {}
    for row in costliest_first(sweep):
        if row in skipped:
            continue
        place = sweep.place(row)
        changed = [one for one, now, old in zip(ranks, place, before, strict=False) if now != old]
        key = sweep.combinations.stages(place), max(min(changed, default=0), 0)
        if key not in known:
            late = {stage.name for stage in STAGES[key[1] :]}
            known[key] = records.seconds(name for name in key[0] if name in late)
        spent = known[key]
        if spent is None:
            return None
        total, before = total + spent, place
    return total


def _stages(record: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    stages = record.get("stages", ())
    return [one for one in stages if not one.get("cached") and "seconds" in one]


def _pictures(count: int) -> str:
    return f"{count:,} picture" + ("" if count == 1 else "s")


def _time(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:.1f} h"
