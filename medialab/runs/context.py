"""The context of one picture's run: what stages may reach, and what is told of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.latents import decode_latents
from medialab.diffusion.previews import LatentPreview
from medialab.errors import ModelRefusedError, NotFiniteError, OutOfMemoryError
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.lora import LoRAManager, RunLoRAs
from medialab.pictures.store import PictureStore, Use
from medialab.process.events import Event, Kind
from medialab.process.jobs import Job
from medialab.process.memory import free_memory
from medialab.process.retries import Ladder, Retry

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.loading.checkpoint import LoadedCheckpoint
    from medialab.loading.upscalers import Upscaler
    from medialab.vision.roles import VisionModel

PREVIEWS_PER_SECOND = 4
# Facts and a function to what it gives for them, and whether that was kept from before.
Recall = Callable[[Mapping[str, Any], Callable[[], bytes]], tuple[bytes, bool]]


class RunContext:
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
        self._denoising: LoadedCheckpoint | None = None
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
        self._registry.room.begin()
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

    @property
    def retries(self) -> list[Retry]:
        """What the stage did again so far; what is added is told as its own."""
        return self._ladder.retries

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
                drawn = decode_latents(self._denoising, latents)
                # Whole blocks are drawn, of which the picture is a part.
                image = drawn.crop((0, 0, self._config.width, self._config.height))
            except (NotFiniteError, OutOfMemoryError):
                return None
        if image is None:
            return None
        return image, {"stage": self._stage, "step": step, "steps": steps}

    def checkpoint(self, name: str | None = None, vae: str = "") -> "LoadedCheckpoint":
        """A checkpoint, loaded, with another VAE; without names the run's, and its own.

        Raises:
            ModelRefusedError: a file was replaced since the run was resolved, or the VAE does not
                fit the checkpoint.
        """
        name = name or self._config.checkpoint
        model: LoadedCheckpoint = self._load("checkpoint", name)
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

    def detector(self, name: str) -> "VisionModel":
        """A detector, loaded."""
        detector: VisionModel = self._load("detector", name)
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

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """A picture that was kept for this run."""
        return self._pictures.load(name, use)

    def picture_told(self, name: str, use: Use = "photo") -> Sequence[str]:
        """What was done to that picture, when it came in and for this use, in words."""
        return self._pictures.changes(name, use)

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
            info = self._infos[kind, name] = self._registry.find_same(
                name, kind, self._config.sha256_of(kind, name)
            )
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
