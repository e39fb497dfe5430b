"""The context of one picture's run: the models and pictures that stages use, and their events."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.latents import decode_latents
from medialab.diffusion.previews import LatentPreview, Pace
from medialab.errors import (
    CancelledError,
    NotFiniteError,
    OutOfMemoryError,
)
from medialab.listing.snapshot import Snapshot
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, RunLoRAs
from medialab.pictures.store import PictureStore, Use
from medialab.process.events import Event, Kind, no_preview
from medialab.process.jobs import Job
from medialab.process.memory import free_memory
from medialab.process.retries import RetryPolicy
from medialab.runs.encoded_texts import EncodedTexts
from medialab.runs.run_models import RunModels
from medialab.settings.fields import names_in_list
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.loading.checkpoint import LoadedCheckpoint
    from medialab.loading.upscalers import Upscaler
    from medialab.loading.vaes import LoadedVAE
    from medialab.vision.roles import VisionModel

# Takes facts and a function; returns its result for them, and whether that was cached.
Recall = Callable[[Mapping[str, Any], Callable[[], bytes]], tuple[bytes, bool]]


class RunContext:
    """The context of one picture's run: its models, its job's events and its cancelling.

    Args:
        config: the picture's own.
        registry: loads the models.
        pictures: holds the given pictures and masks.
        loras: puts LoRAs and inversions on a checkpoint.
        job: receives the events and says when the run is cancelled.
        which: the picture's number, from 1, and the number of pictures that the job makes; 0 for
            a picture that another job makes: nothing is told of it but previews.
        listing: the models as the plan saw them.
        keeps_interrupted: whether a cancelled picture is decoded, for `unfinished`.

    Attributes:
        retries: how failed work of the present stage is retried.
        models: the run's models.
        is_told: whether the job tells of the picture: it is not another request's.
        fastest: the seconds of the fastest step of each stage, from the end of one to that of the
            next.
    """

    def __init__(
        self,
        config: ResolvedConfig,
        registry: ModelRegistry,
        pictures: PictureStore,
        loras: LoRAManager,
        job: Job[Any],
        which: tuple[int, int] = (1, 1),
        *,
        listing: Snapshot,
        keeps_interrupted: bool = False,
    ) -> None:
        self._config = config
        self._registry = registry
        self._pictures = pictures
        self._loras = loras
        self._job = job
        self._which = which
        self.is_told = which[0] > 0
        self._stage = ""
        self._among = (1, 1)
        self._recall: Recall = lambda _facts, make: (make(), False)
        self._own_pace = self._pace = Pace()
        self._drawing: Drawing | None = None
        self._step: tuple[int, int, torch.Tensor | None] = (0, 0, None)
        self._finished: Image.Image | None = None
        self._keeps_interrupted = keeps_interrupted
        self._texts: EncodedTexts | None = None
        self._interrupted: Image.Image | None = None
        self._stepped: float | None = None
        self.fastest: dict[str, float] = {}
        self.retries = RetryPolicy()
        self.models = RunModels(config, registry, listing, job.check)

    def begin(self, image: "Image.Image | None", texts: EncodedTexts | None = None) -> None:
        """Begin the run.

        Args:
            image: the picture of the last stage that is cached, if any.
            texts: the encoded texts of earlier runs; None for none.
        """
        self._finished, self._texts = image, texts

    @contextmanager
    def stage(
        self,
        name: str,
        recall: Recall,
        among: tuple[int, int] = (1, 1),
        pace: Pace | None = None,
    ) -> Iterator[RetryPolicy]:
        """Run a stage within the block; yields its retry policy for out-of-memory and NaN.

        The registry's models are lent to this stage: a run of another workbench waits for its end.

        Args:
            name: of the stage.
            recall: returns parts of the stage's work that were cached before.
            among: the picture's place, from 1, and the number of pictures that are drawn at once.
            pace: of the previews of all of those; None for the picture's own.
        """
        self._job.check()
        with self._registry.lent(self._job.check):
            self._registry.budget.begin_stage()
            self._stage, self._recall, self._among = name, recall, among
            self._pace = pace or self._own_pace
            self._step = (0, 0, None)
            self.retries = RetryPolicy(self._free)
            self._tell("stage")
            try:
                yield self.retries
            finally:
                self.models.let_go()

    def finish(self, seconds: float, image: "Image.Image | None") -> None:
        """Report that the stage is done; `image` is the picture so far."""
        self._finished = image
        self._step = (0, 0, None)
        self._tell("stage done", seconds=seconds)

    def unfinished(self) -> "tuple[Image.Image, dict[str, Any]] | None":
        """Return a cancelled picture as far as it was made, and its stage and step.

        It is the picture of the last finished stage, or, before there is one, the decoded latents,
        as A1111 keeps them. None before the first step.
        """
        step, steps, _ = self._step
        image = self._finished or self._interrupted
        if image is None:
            return None
        return image, {"stage": self._stage, "step": step, "steps": steps}

    @contextmanager
    def opened(self, sampling: Sampling | None = None) -> Iterator[Drawing]:
        """Lend a stage its checkpoint, with its VAE and the run's LoRAs and inversions.

        Args:
            sampling: the stage's sampling settings; None: the run's checkpoint and its own VAE.

        Raises:
            ModelRefusedError: a file was replaced since the run was resolved, or the VAE does not
                fit the checkpoint.
        """
        name = (sampling and sampling.checkpoint) or self._config.checkpoint
        named = names_in_list((sampling or self._config).text_encoder)
        checkpoint: LoadedCheckpoint = self.models.load("checkpoint", name, encoders=named)
        self.retries.take(checkpoint)
        vae: LoadedVAE | None = None
        if sampling and sampling.vae:
            vae = self.models.load("vae", sampling.vae, like=checkpoint.components["vae"])
            self.retries.take(vae)
        loras = {name: self.models.find("lora", name).path for name in self._config.loras_used()}
        drawing = Drawing(
            checkpoint,
            vae=vae,
            inversions={
                name: self.models.find("embedding", name).path for name in self._config.embeddings()
            },
            loras=RunLoRAs(self._loras, loras),
            models=self,
            retries=self.retries,
            texts=self._texts_of(name, named, checkpoint.device),
            step_cache=self._config.step_cache,
        )
        before, self._drawing = self._drawing, drawing
        try:
            with self._interruptible():
                yield drawing
        except CancelledError:
            self._draw_interrupted(drawing)
            raise
        finally:
            self._drawing = before

    @contextmanager
    def beside(self, drawing: Drawing) -> Iterator[None]:
        """Show the steps of a picture that another one's loan draws, within the block."""
        before, self._drawing = self._drawing, drawing
        try:
            yield
        finally:
            self._drawing = before

    def _texts_of(
        self, checkpoint: str, encoders: Sequence[str], device: str
    ) -> EncodedTexts | None:
        """Return the encoded texts of a checkpoint, by the content of all that encodes them."""
        used = [
            ("checkpoint", checkpoint),
            *(("text encoder", name) for name in encoders),
            *(("embedding", name) for name in self._config.embeddings()),
        ]
        hashes = {f"{kind} {name}": self._config.sha256_of(kind, name) for kind, name in used}
        if self._texts is None or None in hashes.values():
            return None
        return self._texts.of(hashes, device)

    def _interruptible(self) -> AbstractContextManager[object]:
        """Return a block in which large work on a CPU is cancelled within a step, too."""
        from medialab.diffusion.interruptible import LARGE, Interruptible

        sides = [(self._config.width or 0, self._config.height or 0)]
        sides += [self._finished.size] if self._finished is not None else []
        is_large = max(width * height for width, height in sides) >= LARGE
        if self._registry.device == "cpu" and is_large:
            return Interruptible(self._job.check)
        return nullcontext()

    def _draw_interrupted(self, drawing: Drawing) -> None:
        """Decode the latents of a cancelled run if no finished stage has a picture."""
        latents = self._step[2]
        shown = self._finished or self._interrupted
        keeps = self._keeps_interrupted or self._job.keeps_unfinished
        if not keeps or shown is not None or latents is None:
            return
        with suppress(NotFiniteError, OutOfMemoryError):
            image = decode_latents(drawing, latents)
            # Whole blocks are drawn; the picture is a part of them.
            self._interrupted = image.crop((0, 0, self._config.width, self._config.height))

    def detector(self, name: str) -> "VisionModel":
        """Return a detector, loaded."""
        detector: VisionModel = self.models.load("detector", name)
        return detector

    def controlnet(self, name: str) -> Any:
        """Return a ControlNet's network, loaded."""
        loaded = self.models.load("controlnet", name)
        self.retries.take(loaded)
        return loaded.network

    def upscaler(self, name: str) -> "Upscaler":
        """Return an upscaler, loaded."""
        upscaler: Upscaler = self.models.load("upscaler", name)
        self.retries.take(upscaler)
        return upscaler

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """Return a picture that was kept for this run."""
        return self._pictures.load(name, use)

    def picture_changes(self, name: str, use: Use = "photo") -> Sequence[str]:
        """Return how that picture was changed on import and for this use, in words."""
        return self._pictures.changes(name, use)

    def remembered(self, facts: Mapping[str, Any], make: Callable[[], bytes]) -> tuple[bytes, bool]:
        """Return the result of `make` for these facts, and whether it was cached."""
        return self._recall(facts, make)

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Report a step.

        Args:
            step: steps done, from 1.
            steps: of the stage in all.
            latents: (1, c, h, w) for a preview; None: there is none.

        Raises:
            CancelledError: the job was cancelled.
        """
        self._step = (step, steps, latents)
        self._measure(step)
        self._job.check()
        draws = no_preview if latents is None else self._preview(latents)
        before = time.monotonic()
        self._tell("step", step=step, steps=steps, draws=draws)
        if draws is not no_preview:
            if not self.is_told:
                self._tell_beside(step, steps, draws)
            self._pace.took(time.monotonic() - before)

    def _measure(self, step: int) -> None:
        """Note how long a step took, unless it is the first, which has other work before it."""
        before, self._stepped = self._stepped, time.perf_counter()
        if before is not None and step > 1:
            seconds = self._stepped - before
            self.fastest[self._stage] = min(seconds, self.fastest.get(self._stage, seconds))

    def _free(self) -> None:
        """Free caches and the models that this stage does not use."""
        self.models.release_others()
        self._loras.clear_cache()
        free_memory()

    def _tell(self, kind: Kind, **facts: Any) -> None:
        """Tell of the picture, unless another job makes it."""
        if self.is_told:
            (image, images), (place, together) = self._which, self._among
            facts |= {"image": image, "images": images, "place": place, "together": together}
            self._job.emit(Event(kind, self._job.name, self._stage, **facts))

    def _tell_beside(
        self, step: int, steps: int, draws: "Callable[[], Image.Image | None]"
    ) -> None:
        """Offer the preview of a picture that another job makes, by its place in the record."""
        if (together := self._config.together) is not None:
            self._job.emit(
                Event(
                    "beside",
                    self._job.name,
                    self._stage,
                    step=step,
                    steps=steps,
                    together=together.pictures,
                    place=together.place,
                    draws=draws,
                )
            )

    def _preview(self, latents: "torch.Tensor") -> "Callable[[], Image.Image | None]":
        """Offer a preview if one is due."""
        drawing = self._drawing
        if drawing is None or not self._pace.is_due(time.monotonic(), self._among[0]):
            return no_preview
        return partial(_preview_of, drawing, latents, self._pace)


def _preview_of(drawing: Drawing, latents: "torch.Tensor", pace: Pace) -> "Image.Image | None":
    vae, codec = drawing.vae, drawing.family.codec
    before = time.monotonic()
    preview: LatentPreview = drawing.vae_owner.cached("preview", lambda: LatentPreview(vae, codec))
    pace.leave_out(time.monotonic() - before)
    return preview.draw(latents)
