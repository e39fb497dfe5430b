"""The progress of one job: the state of its stages, and estimates of the time left."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medialab import PipelineConfig
from medialab.process.events import Event
from medialab.stages import MODES, STAGES

Stage = dict[str, Any]

_BY_NAME = {stage.name: stage for stage in STAGES}
# Stages that leave no picture to look at.
_WITHOUT_PICTURE = {"prompt", "control"}
# Seconds that these stages are taken to need until they have been measured.
_SHORT = {"prompt": 0.3, "control": 0.3, "finish": 0.3}
# A new estimate replaces the shown one only if it differs by this share, and by a second.
_NEWS = 0.15


class Estimates:
    """The seconds that each stage needed last, from which those of later jobs are estimated.

    A stage that draws the whole picture is taken to need time by its steps and pixels.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}  # for one unit of `_work`

    def learn(self, stage: str, config: PipelineConfig, seconds: float) -> None:
        """Store the seconds that a stage needed for one picture."""
        self._seconds[stage] = seconds / _work(stage, config)

    def of_stage(self, stage: str, config: PipelineConfig) -> float | None:
        """Return the seconds that a stage will need for one picture; None if unknown."""
        if stage in self._seconds:
            return self._seconds[stage] * _work(stage, config)
        return _SHORT.get(stage)

    def of_job(self, config: PipelineConfig) -> float | None:
        """Return the seconds that a request will need with nothing cached; None if unknown."""
        each = [self.of_stage(name, config) for name in running_stages(config)]
        known = [seconds for seconds in each if seconds is not None]
        return sum(known) * config.batch_size if len(known) == len(each) else None


class Progress:
    """The progress of one job, updated from its events.

    Args:
        config: the job's request, if known.
        estimates: of the stages' seconds. Updated here and shared by all jobs.
    """

    def __init__(self, config: PipelineConfig | None, estimates: Estimates) -> None:
        self._config = config
        self._estimates = estimates
        self._names = running_stages(config) if config else []
        self._images = config.batch_size if config else 1
        self._image = 1  # of those that are drawn at once, the first
        self._states_of: defaultdict[int, dict[str, str]] = defaultdict(dict)
        self._seconds_by: defaultdict[int, dict[str, float]] = defaultdict(dict)
        self._stage = ""
        self._shares: dict[int, float] = {}  # of the running stage, by its pictures
        self._began = 0.0
        self._until: float | None = None
        self.since = time.time()

    def take(self, event: Event) -> None:
        """Update from one event."""
        image = event.image or self._image
        if event.kind == "stage":
            self._enter(event.stage, image, is_beside=event.place > 1)
        elif event.kind == "step" and event.steps:
            self._shares[image] = event.step / event.steps
        elif event.kind == "stage done":
            self._states_of[image][event.stage] = "done"
            self._seconds_by[image][event.stage] = event.seconds
            if self._config:
                self._estimates.learn(event.stage, self._config, event.seconds)
        self._until = self._steady(self.left())

    @property
    def share(self) -> float | None:
        """The share of the running stage that is done; None before its first step."""
        done = sum(self._shares.values())
        return done / len(self._shares) if done else None

    @property
    def pictures(self) -> Sequence[int]:
        """The numbers of the pictures that the running stage draws: several if at once."""
        return sorted(self._shares) or [self._image]

    @property
    def until(self) -> float | None:
        """When the job will be done, in seconds of `time.time`; None while unknown."""
        return self._until

    def left(self) -> float | None:
        """Return the estimated seconds until the job is done; None while unknown."""
        if not self._stage or self._config is None:
            return None
        begun = self._states_of
        lefts = [self._left_of_running()]
        for image in range(self._image, self._images + 1):
            states = begun.get(image, self._cached)
            lefts.append(self._seconds_of(name for name in self._names if name not in states))
        known = [seconds for seconds in lefts if seconds is not None]
        return sum(known) if len(known) == len(lefts) else None

    def stages(self) -> list[Stage]:
        """Return the job's stages as `Foot` takes them."""
        seconds = self._seconds_by[self._image]
        return foot_stages(self._config, self._states, seconds) if self._config else []

    @property
    def _states(self) -> dict[str, str]:
        return self._states_of[self._image]

    @property
    def _cached(self) -> set[str]:
        return {name for name, state in self._states.items() if state == "cached"}

    def _seconds_of(self, names: Iterable[str]) -> float | None:
        total = 0.0
        for name in names:
            seconds = self._usual(name)
            if seconds is None:
                return None
            total += seconds
        return total

    def _usual(self, stage: str) -> float | None:
        return self._estimates.of_stage(stage, self._config) if self._config else None

    def _enter(self, stage: str, image: int, *, is_beside: bool) -> None:
        if not is_beside:
            # Others that were drawn at once with it, and not finished, are drawn by themselves.
            for other in self._shares.keys() - {image}:
                if self._states_of[other].get(self._stage) == "running":
                    del self._states_of[other][self._stage]
            self._image, self._stage = image, stage
            self._began, self._shares = time.monotonic(), {}
        states = self._states_of[image]
        if not states:  # the stages before the first one that runs were cached
            before = self._names[: self._names.index(stage)] if stage in self._names else []
            states |= dict.fromkeys(before, "cached")
        states[stage] = "running"
        self._shares[image] = 0.0

    def _left_of_running(self) -> float | None:
        if self._states.get(self._stage) != "running":
            return 0.0
        spent = time.monotonic() - self._began
        usual = self._usual(self._stage)
        if usual is not None:
            usual *= len(self._shares)
        if self.share:
            measured = spent / self.share - spent
            # Early steps tell little, and what follows the last one (decoding) nothing.
            if usual is None:
                return measured
            return self.share * measured + (1 - self.share) * max(usual - spent, 0.0)
        return None if usual is None else max(usual - spent, 0.0)

    def _steady(self, left: float | None) -> float | None:
        """Return the estimated end, unchanged where a new one hardly differs."""
        if left is None:
            return None
        until = time.time() + left
        if self._until is not None and abs(until - self._until) < max(1.0, _NEWS * left):
            return self._until
        return until


def running_stages(config: PipelineConfig) -> list[str]:
    """Return the names of the stages that a request runs, in order."""
    return [stage.name for stage in STAGES if config.runs(stage.name)]


def foot_stages(
    config: PipelineConfig,
    states: Mapping[str, str],
    seconds: Mapping[str, float],
    pictures: int = 1,
) -> list[Stage]:
    """Return the stages that a request runs as `Foot` takes them.

    Args:
        config: the request.
        states: each stage's state; "waiting" if missing.
        seconds: the seconds that each finished stage took.
        pictures: the number of pictures whose seconds these are the mean of.
    """
    return [
        {
            "name": name,
            "title": _BY_NAME[name].title,
            "state": states.get(name, "waiting"),
            "seconds": seconds.get(name),
            "pictures": pictures,
            "pictured": name not in _WITHOUT_PICTURE,
        }
        for name in running_stages(config)
    ]


def stages_of_records(config: PipelineConfig, records: Sequence[Mapping[str, Any]]) -> list[Stage]:
    """Return the stages of finished pictures from their records, with their mean seconds."""
    rows = [one for record in records for one in record.get("stages", ())]
    done = [one for one in rows if not one.get("cached")]
    states = {one["name"]: "cached" for one in rows} | {one["name"]: "done" for one in done}
    seconds = {
        name: sum(one["seconds"] for one in done if one["name"] == name) / len(records)
        for name in {one["name"] for one in done}
    }
    return foot_stages(config, states, seconds, len(records)) if rows else []


def _work(stage: str, config: PipelineConfig) -> float:
    """Return a measure of a stage's work: steps and pixels where it draws the whole picture."""
    if stage not in MODES:
        return 1.0
    return config.steps * (config.width or 512) * (config.height or 512)
