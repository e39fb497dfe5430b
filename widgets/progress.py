"""The progress of one job: the state of its stages, and an estimate of the time left."""

import time
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from medialab import PipelineConfig
from medialab.process.events import Event
from medialab.settings.fields import SwitchedConfig
from medialab.stages import MODES, STAGES

Stage = dict[str, Any]


class Progress:
    """The progress of one job, updated from its events.

    Args:
        config: the job's request, if known.
        usual: the seconds that each stage took last time. Updated here and shared by all jobs, so
            that later jobs can estimate the stages they have not reached.
    """

    def __init__(self, config: PipelineConfig | None, usual: MutableMapping[str, float]) -> None:
        self._config = config
        self._usual = usual
        self._names = running_stages(config) if config else []
        self._images = config.batch_size if config else 1
        self._image = 1
        self._states: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._stage = ""
        self._began = 0.0
        self._done = 0.0  # share of the running stage

    def take(self, event: Event) -> None:
        """Update from one event."""
        if event.image and event.image != self._image:
            self._image, self._states, self._seconds = event.image, {}, {}
        if event.kind == "stage":
            self._enter(event.stage)
        elif event.kind == "step" and event.steps:
            self._done = event.step / event.steps
        elif event.kind == "stage done":
            self._states[event.stage] = "done"
            self._seconds[event.stage] = self._usual[event.stage] = event.seconds

    def left(self) -> float | None:
        """Return the estimated seconds until the job is done; None while unknown."""
        if not self._stage:
            return None
        running = self._left_of_running()
        rest = [name for name in self._names if name not in self._states]
        if running is None or any(name not in self._usual for name in rest):
            return None
        once = sum(self._usual.get(name, 0.0) for name in self._names if name not in self._cached)
        return (
            running + sum(self._usual[name] for name in rest) + once * (self._images - self._image)
        )

    def stages(self) -> list[Stage]:
        """Return the job's stages as `StageStrip` takes them."""
        return strip(self._config, self._states, self._seconds) if self._config else []

    @property
    def _cached(self) -> set[str]:
        return {name for name, state in self._states.items() if state == "cached"}

    def _enter(self, stage: str) -> None:
        if not self._states:  # the stages before the first one that runs were cached
            before = self._names[: self._names.index(stage)] if stage in self._names else []
            self._states = dict.fromkeys(before, "cached")
        self._states[stage] = "running"
        self._stage, self._began, self._done = stage, time.monotonic(), 0.0

    def _left_of_running(self) -> float | None:
        if self._states.get(self._stage) != "running":
            return 0.0
        spent = time.monotonic() - self._began
        if self._done:
            return spent / self._done - spent
        usual = self._usual.get(self._stage)
        return None if usual is None else max(usual - spent, 0.0)


def running_stages(config: PipelineConfig) -> list[str]:
    """Return the names of the stages that a request runs, in order."""
    return [stage.name for stage in STAGES if config.runs(stage.name)]


def strip(
    config: PipelineConfig, states: Mapping[str, str], seconds: Mapping[str, float]
) -> list[Stage]:
    """Return a request's stages as `StageStrip` takes them.

    Stages of other modes are omitted; stages that are switched off have the state "off".

    Args:
        config: the request.
        states: each stage's state; "waiting" if missing.
        seconds: the seconds that each finished stage took.
    """
    found = []
    for stage in STAGES:
        runs = config.runs(stage.name)
        if runs or _can_be_switched_on(stage.name):
            state = states.get(stage.name, "waiting") if runs else "off"
            took = seconds.get(stage.name)
            row = {"name": stage.name, "title": stage.title, "state": state, "seconds": took}
            found.append(row)
    return found


def strip_of_record(config: PipelineConfig, record: Mapping[str, Any]) -> list[Stage]:
    """Return the stages of a finished picture, from its record."""
    stages: Sequence[Mapping[str, Any]] = record["stages"]
    states = {one["name"]: "cached" if one.get("cached") else "done" for one in stages}
    seconds = {one["name"]: one["seconds"] for one in stages if not one.get("cached")}
    return strip(config, states, seconds)


def time_text(seconds: float) -> str:
    """Return seconds as text: "8 s", "2 min 10 s", "1.5 h"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole / 3600:.1f} h"


def _can_be_switched_on(stage: str) -> bool:
    field = PipelineConfig.model_fields.get(stage)
    kind = field.annotation if field else None
    is_switched = isinstance(kind, type) and issubclass(kind, SwitchedConfig)
    return is_switched and stage not in MODES
