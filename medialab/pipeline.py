"""Run the stages in order; nothing else."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.cache import Explanation, StageCache, StageKey
from medialab.config import ResolvedConfig
from medialab.errors import ModelRefusedError
from medialab.events import Event, Kind
from medialab.frames import decode_frame, encode_frame
from medialab.jobs import Job
from medialab.loading import pick_dtype
from medialab.lora import LoRAManager, RunLoRAs
from medialab.pictures import PictureStore
from medialab.previews import LatentPreview
from medialab.registry import ModelInfo, ModelRegistry
from medialab.stages import STAGES
from medialab.stages.base import Frame, PipelineStage
from medialab.versions import all_versions

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.detectors import Detection, Detector
    from medialab.loading import LoadedModel
    from medialab.upscalers import Upscaler

PREVIEWS_PER_SECOND = 4


@dataclass(frozen=True)
class Outcome:
    """A finished picture, the record of how it was made, and what the detailers found."""

    image: "Image.Image"
    record: dict[str, Any]
    detections: "Mapping[str, Sequence[Detection]]"


class Progress:
    """The context of one picture's run: its models, its job's events, its cancelling."""

    def __init__(
        self,
        config: ResolvedConfig,
        registry: ModelRegistry,
        pictures: PictureStore,
        loras: LoRAManager,
        job: Job[Any],
        image: int = 1,
        images: int = 1,
    ) -> None:
        self._config = config
        self._registry = registry
        self._pictures = pictures
        self._loras = loras
        self._job = job
        self._tell = partial(self._emit, image=image, images=images)
        self._stage = ""
        self._shown = 0.0
        self._latest: LoadedModel | None = None

    def enter(self, stage: str) -> None:
        """A stage begins."""
        self._job.check()
        self._stage = stage
        self._tell("stage")

    def leave(self, seconds: float) -> None:
        """The stage is done."""
        self._tell("stage done", seconds=seconds)

    def checkpoint(self, name: str | None = None) -> "LoadedModel":
        """A checkpoint, loaded; without a name the run's own.

        Raises:
            ModelRefusedError: its file was replaced since the run was resolved.
        """
        name = name or self._config.checkpoint
        model: LoadedModel = self._load("checkpoint", name)
        self._latest = model
        model.inversions = {
            name: self._find("embedding", name).path for name in self._config.embeddings()
        }
        model.loras = RunLoRAs(
            self._loras,
            {name: self._find("lora", name).path for name in self._config.loras_used()},
        )
        return model

    def detector(self, name: str) -> "Detector":
        """A detector, loaded."""
        detector: Detector = self._load("detector", name)
        return detector

    def controlnet(self, name: str) -> Any:
        """A ControlNet's network, loaded."""
        return self._load("controlnet", name).network

    def upscaler(self, name: str) -> "Upscaler":
        """An upscaler, loaded."""
        upscaler: Upscaler = self._load("upscaler", name)
        return upscaler

    def picture(self, name: str) -> "Image.Image":
        """A picture that was kept for this run."""
        return self._pictures.load(name)

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Tell of a step; raises `CancelledError` when the job was cancelled."""
        self._job.check()
        preview = self._preview(latents) if latents is not None else None
        self._tell("step", step=step, steps=steps, preview=preview)

    def _load(self, kind: str, name: str) -> Any:
        self._job.check()
        model = self._registry.load(self._registry.find(name, kind))
        self._find(kind, name)
        return model

    def _find(self, kind: str, name: str) -> ModelInfo:
        """The model as it was when the run was resolved."""
        info = self._registry.find(name, kind)
        if self._registry.sha256(info) != self._config.sha256_of(kind, name):
            message = f"{info.path.name} was replaced while it was being loaded; run this again"
            raise ModelRefusedError(message)
        return info

    def _emit(self, kind: Kind, **facts: Any) -> None:
        self._job.emit(Event(kind, self._job.name, self._stage, **facts))

    def _preview(self, latents: "torch.Tensor") -> "Image.Image | None":
        """A preview a few times a second; more would only fill the browser's queue."""
        now = time.monotonic()
        if now - self._shown < 1 / PREVIEWS_PER_SECOND:
            return None
        self._shown = now
        # The one in use: to ask for the run's own might load it anew in its place.
        model = self._latest or self.checkpoint()
        preview: LatentPreview = model.cached(
            "preview", lambda: LatentPreview(model.components["vae"])
        )
        return preview.draw(latents)


class Pipeline:
    """The stages in a straight line, through the cache.

    `device` is where models run; with the dtype they have there it is part of every key.
    """

    def __init__(
        self, cache: StageCache, device: str, stages: Sequence[PipelineStage[Any]] = STAGES
    ) -> None:
        self.cache = cache
        self.device = device
        self.stages = stages

    def run(
        self, config: ResolvedConfig, progress: Progress, *, anew_from: str | None = None
    ) -> Outcome:
        """Make one picture, beginning after the last stage whose result is kept.

        From the stage `anew_from` on, what is kept is not looked at.

        Raises:
            CancelledError: the job was cancelled; stages that were done are kept.
            MediaLabError: a stage cannot go on; its text says why.
        """
        active = [stage for stage in self.stages if config.runs(stage.name)]
        keys = self.keys(config)
        names = [stage.name for stage in active]
        may_reuse = names.index(anew_from) if anew_from in names else len(active)
        frame, done = self._latest(keys[:may_reuse])
        measured: dict[str, dict[str, Any]] = {
            stage.name: {"seconds": 0.0, "memory_bytes": _memory_bytes(), "cached": True}
            for stage in active[:done]
        }
        started = datetime.now(UTC)
        for stage, key in zip(active[done:], keys[done:], strict=True):
            progress.enter(stage.name)
            before = time.perf_counter()
            settings = config.settings_for(stage.name, stage.settings)
            frame = stage.run(frame, settings, progress)
            seconds = round(time.perf_counter() - before, 4)
            self.cache.put(key, encode_frame(frame))
            measured[stage.name] = {
                "seconds": seconds,
                "memory_bytes": _memory_bytes(),
                "cached": False,
            }
            progress.leave(seconds)
        if frame.image is None:
            message = f"no picture was made by {', '.join(names)}"
            raise RuntimeError(message)
        return Outcome(
            frame.image, self._record(active, frame, measured, started), frame.detections
        )

    def keys(self, config: ResolvedConfig) -> list[StageKey]:
        """The key of each stage that this config runs, in order."""
        found: list[StageKey] = []
        environment = all_versions() | {
            "device": self.device.partition(":")[0],
            "dtype": str(pick_dtype(self.device)).removeprefix("torch."),
        }
        for stage in self.stages:
            if not config.runs(stage.name):
                continue
            settings = config.settings_for(stage.name, stage.settings)
            found.append(
                StageKey(
                    stage=stage.name,
                    version=stage.version,
                    settings=settings.model_dump(mode="json"),
                    models={
                        f"{model.kind} {model.name}": config.sha256_of(*model)
                        for model in stage.models(settings)
                    }
                    | {"checkpoint": config.checkpoint_sha256}
                    | {
                        f"embedding {name}": config.sha256_of("embedding", name)
                        for name in config.embeddings()
                    },
                    before=found[-1].digest if found else "",
                    environment=environment,
                )
            )
        return found

    def explain(self, config: ResolvedConfig) -> list[Explanation]:
        """For each stage that this config runs: is its result kept, and if not, what changed."""
        return [self.cache.explain(key) for key in self.keys(config)]

    def _latest(self, keys: Sequence[StageKey]) -> tuple[Frame, int]:
        """The frame after the last of these stages that is kept, and how many that spares."""
        for number in range(len(keys), 0, -1):
            content = self.cache.get(keys[number - 1])
            if content is not None:
                return decode_frame(content, self.device), number
        return Frame(), 0

    def _record(
        self,
        active: Sequence[PipelineStage[Any]],
        frame: Frame,
        measured: dict[str, dict[str, Any]],
        started: datetime,
    ) -> dict[str, Any]:
        """What was applied, as plain JSON values."""
        import torch

        return {
            "started": started.isoformat(timespec="milliseconds"),
            "device": self.device,
            "dtype": str(pick_dtype(self.device)).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "versions": all_versions(),
            "stages": [
                {
                    "name": stage.name,
                    "version": stage.version,
                    **measured[stage.name],
                    "applied": dict(frame.applied.get(stage.name, {})),
                }
                for stage in active
            ],
        }


def _memory_bytes() -> int:
    """Resident memory of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)
