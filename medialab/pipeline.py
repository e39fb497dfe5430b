"""Run the stages in order; nothing else."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config import ResolvedConfig
from medialab.events import Event, Kind
from medialab.jobs import Job
from medialab.previews import LatentPreview
from medialab.stages import STAGES
from medialab.stages.base import Frame, PipelineStage
from medialab.versions import all_versions

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.loading import LoadedModel

PREVIEWS_PER_SECOND = 4


@dataclass(frozen=True)
class Outcome:
    """A finished picture and the record of how it was made."""

    image: "Image.Image"
    record: dict[str, Any]


class Progress:
    """The context of one picture's run: its model, its job's events, its cancelling."""

    def __init__(self, model: "LoadedModel", job: Job[Any], image: int, images: int) -> None:
        self._model = model
        self._job = job
        self._tell = partial(self._emit, image=image, images=images)
        self._stage = ""
        self._shown = 0.0

    def enter(self, stage: str) -> None:
        """A stage begins."""
        self._job.check()
        self._stage = stage
        self._tell("stage")

    def leave(self, seconds: float) -> None:
        """The stage is done."""
        self._tell("stage done", seconds=seconds)

    def checkpoint(self) -> "LoadedModel":
        """The run's checkpoint, loaded."""
        return self._model

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Tell of a step; raises `CancelledError` when the job was cancelled."""
        self._job.check()
        preview = self._preview(latents) if latents is not None else None
        self._tell("step", step=step, steps=steps, preview=preview)

    def _emit(self, kind: Kind, **facts: Any) -> None:
        self._job.emit(Event(kind, self._job.name, self._stage, **facts))

    def _preview(self, latents: "torch.Tensor") -> "Image.Image | None":
        """A preview a few times a second; more would only fill the browser's queue."""
        now = time.monotonic()
        if now - self._shown < 1 / PREVIEWS_PER_SECOND:
            return None
        self._shown = now
        preview: LatentPreview = self._model.cached(
            "preview", lambda: LatentPreview(self._model.components["vae"])
        )
        return preview.draw(latents)


class Pipeline:
    """The stages in a straight line over one loaded checkpoint."""

    def __init__(self, stages: Sequence[PipelineStage[Any]] = STAGES) -> None:
        self.stages = stages

    def run(self, config: ResolvedConfig, progress: Progress) -> Outcome:
        """Make one picture.

        Raises:
            CancelledError: the job was cancelled.
            MediaLabError: a stage cannot go on; its text says why.
        """
        frame = Frame()
        measured: dict[str, dict[str, float]] = {}
        started = datetime.now(UTC)
        for stage in self.stages:
            progress.enter(stage.name)
            before = time.perf_counter()
            frame = stage.run(frame, config.settings_for(stage.settings), progress)
            seconds = round(time.perf_counter() - before, 4)
            measured[stage.name] = {"seconds": seconds, "memory_bytes": _memory_bytes()}
            progress.leave(seconds)
        if frame.image is None:
            message = f"no picture was made by {', '.join(stage.name for stage in self.stages)}"
            raise RuntimeError(message)
        return Outcome(frame.image, self._record(frame, measured, started, progress.checkpoint()))

    def _record(
        self,
        frame: Frame,
        measured: dict[str, dict[str, float]],
        started: datetime,
        model: "LoadedModel",
    ) -> dict[str, Any]:
        """What was applied, as plain JSON values."""
        import torch

        return {
            "started": started.isoformat(timespec="milliseconds"),
            "device": str(model.device),
            "dtype": str(model.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "versions": all_versions(),
            "stages": [
                {
                    "name": stage.name,
                    "version": stage.version,
                    **measured[stage.name],
                    "applied": dict(frame.applied.get(stage.name, {})),
                }
                for stage in self.stages
            ],
        }


def _memory_bytes() -> int:
    """Resident memory of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)
