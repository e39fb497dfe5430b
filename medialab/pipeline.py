"""Run the stages in order; nothing else."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.cache import Explanation, StageCache, StageKey
from medialab.config import ResolvedConfig
from medialab.errors import ModelRefusedError, NotFiniteError, OutOfMemoryError
from medialab.events import Event, Kind
from medialab.frames import decode_frame, encode_frame
from medialab.jobs import Job
from medialab.ladder import Ladder
from medialab.latents import decode_latents
from medialab.loading import pick_dtype
from medialab.lora import LoRAManager, RunLoRAs
from medialab.memory import free_memory
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
# Facts and a function to what it gives for them, and whether that was kept from before.
Recall = Callable[[Mapping[str, Any], Callable[[], bytes]], tuple[bytes, bool]]


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
        self._recall: Recall = lambda _facts, make: (make(), False)
        self._shown = 0.0
        self._models: list[Any] = []
        self._infos: dict[tuple[str, str], ModelInfo] = {}
        self._denoising: LoadedModel | None = None
        self._step: tuple[int, int, torch.Tensor | None] = (0, 0, None)
        self._finished: Image.Image | None = None
        self._ladder = Ladder()

    def begin(self, image: "Image.Image | None") -> None:
        """The stages begin, with the picture that was kept from before, if any."""
        self._finished = image

    def enter(self, stage: str, recall: Recall) -> Ladder:
        """A stage begins; `recall` finds again what parts of it were made before.

        Gives its ladder, for when memory runs out or numbers are none.
        """
        self._job.check()
        self._stage, self._recall = stage, recall
        self._models.clear()
        self._denoising = None
        self._step = (0, 0, None)
        self._ladder = Ladder(self._free)
        self._tell("stage")
        return self._ladder

    @property
    def exact(self) -> bool:
        """Whether the stage's pixels are so far what they always are, whatever memory there is."""
        return self._ladder.exact

    def leave(self, seconds: float, image: "Image.Image | None") -> None:
        """The stage is done; `image` is the picture so far."""
        self._finished = image
        self._step = (0, 0, None)
        self._tell("stage done", seconds=seconds)

    def unfinished(self) -> "tuple[Image.Image, dict[str, Any]] | None":
        """What there is of a picture that was cancelled, and where that was.

        The picture of the last stage that was done; before there is one, what the latents show, as
        A1111 keeps it. None before the first step.
        """
        step, steps, latents = self._step
        image = self._finished
        if image is None and latents is not None and self._denoising is not None:
            try:
                image = decode_latents(self._denoising, latents)
            except (NotFiniteError, OutOfMemoryError):
                return None
        if image is None:
            return None
        return image, {"stage": self._stage, "step": step, "steps": steps}

    def checkpoint(self, name: str | None = None, vae: str = "") -> "LoadedModel":
        """A checkpoint, loaded, with another VAE; without names the run's, and its own.

        Raises:
            ModelRefusedError: a file was replaced since the run was resolved, or the VAE does not
                fit the checkpoint.
        """
        name = name or self._config.checkpoint
        model: LoadedModel = self._load("checkpoint", name)
        self._ladder.take(model)
        # Each stage says it anew: what another one chose is not seen here.
        model.chosen_vae = None
        if vae:
            model.chosen_vae = self._load("vae", vae, like=model.components["vae"])
            self._ladder.take(model.chosen_vae)
        self._denoising = model
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
        loaded = self._load("controlnet", name)
        self._ladder.take(loaded)
        return loaded.network

    def upscaler(self, name: str) -> "Upscaler":
        """An upscaler, loaded."""
        upscaler: Upscaler = self._load("upscaler", name)
        self._ladder.take(upscaler)
        return upscaler

    def picture(self, name: str) -> "Image.Image":
        """A picture that was kept for this run."""
        return self._pictures.load(name)

    def remembered(self, facts: Mapping[str, Any], make: Callable[[], bytes]) -> tuple[bytes, bool]:
        """What `make` gives for these facts, and whether it was kept from before."""
        return self._recall(facts, make)

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Tell of a step; raises `CancelledError` when the job was cancelled."""
        self._step = (step, steps, latents)
        self._job.check()
        preview = self._preview(latents) if latents is not None else None
        self._tell("step", step=step, steps=steps, preview=preview)

    def _load(self, kind: str, name: str, like: Any = None) -> Any:
        self._job.check()
        # A checkpoint may take the place of what it follows; what works with one may not.
        kept = () if kind == "checkpoint" else tuple(self._models)
        model = self._registry.load(self._listed(kind, name), kept=kept, like=like)
        self._models.append(model)
        self._find(kind, name)
        return model

    def _free(self) -> None:
        """Give back what this stage can do without."""
        self._registry.release_others(self._models)
        self._loras.clear_cache()
        free_memory()

    def _find(self, kind: str, name: str) -> ModelInfo:
        """The model as it was when the run was resolved."""
        info = self._listed(kind, name)
        if self._registry.sha256(info) != self._config.sha256_of(kind, name):
            message = f"{info.path.name} was replaced while it was being loaded; run this again"
            raise ModelRefusedError(message)
        return info

    def _listed(self, kind: str, name: str) -> ModelInfo:
        """The model's listing, looked up once a run: a stage asks for its models at every find."""
        info = self._infos.get((kind, name))
        if info is None or not info.path.exists():
            info = self._infos[kind, name] = self._registry.find(name, kind)
        return info

    def _emit(self, kind: Kind, **facts: Any) -> None:
        self._job.emit(Event(kind, self._job.name, self._stage, **facts))

    def _preview(self, latents: "torch.Tensor") -> "Image.Image | None":
        """A preview a few times a second; more would only fill the browser's queue."""
        now, model = time.monotonic(), self._denoising
        if model is None or now - self._shown < 1 / PREVIEWS_PER_SECOND:
            return None
        self._shown = now
        owner = model.chosen_vae or model
        preview: LatentPreview = owner.cached("preview", lambda: LatentPreview(model.vae))
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
            OutOfMemoryError: there was no room on any rung; stages that were done are kept.
            NotFiniteError: a stage computed no numbers, in float32 either.
            MediaLabError: a stage cannot go on; its text says why.
        """
        active = [stage for stage in self.stages if config.runs(stage.name)]
        keys = self.keys(config)
        names = [stage.name for stage in active]
        may_reuse = names.index(anew_from) if anew_from in names else len(active)
        frame, done = self._latest(keys[:may_reuse])
        progress.begin(frame.image)
        measured: dict[str, dict[str, Any]] = {
            stage.name: {"seconds": 0.0, "memory_bytes": _memory_bytes(), "cached": True}
            for stage in active[:done]
        }
        started = datetime.now(UTC)
        may_keep = True
        for stage, key in zip(active[done:], keys[done:], strict=True):
            ladder = progress.enter(stage.name, partial(self._part_of, key, progress))
            before = time.perf_counter()
            settings = config.settings_for(stage.name, stage.settings)
            frame = ladder.run(stage.name, partial(stage.run, frame, settings, progress))
            if ladder.retries:
                frame = _with_retries(frame, stage.name, ladder)
            seconds = round(time.perf_counter() - before, 4)
            # Another day, with more memory, the key would stand for other pixels.
            may_keep = may_keep and ladder.exact
            if may_keep:
                self.cache.put(key, encode_frame(frame))
            measured[stage.name] = {
                "seconds": seconds,
                "memory_bytes": _memory_bytes(),
                "cached": False,
            }
            progress.leave(seconds, frame.image)
        if frame.image is None:
            message = f"no picture was made by {', '.join(names)}"
            raise RuntimeError(message)
        return Outcome(
            frame.image, self._record(active, frame, measured, started), frame.detections
        )

    def _part_of(
        self,
        key: StageKey,
        progress: Progress,
        facts: Mapping[str, Any],
        make: Callable[[], bytes],
    ) -> tuple[bytes, bool]:
        """A part of a stage's work, kept by what decided it: the facts, and the stage's models."""
        own = replace(key, stage=f"{key.stage}, a part", settings=facts, before="")
        content = self.cache.get(own)
        if content is not None:
            return content, True
        content = make()
        if progress.exact:
            self.cache.put(own, content)
        return content, False

    def keys(self, config: ResolvedConfig) -> list[StageKey]:
        """The key of each stage that this config runs, in order."""
        found: list[StageKey] = []
        environment = dict(all_versions()) | {
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
            "versions": dict(all_versions()),
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


def _with_retries(frame: Frame, stage: str, ladder: Ladder) -> Frame:
    """The frame with what was done again told among what its stage applied."""
    told = [retry.as_record for retry in ladder.retries]
    return frame.with_applied(stage, **frame.applied.get(stage, {}), retries=told)


def _memory_bytes() -> int:
    """Resident memory of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)
