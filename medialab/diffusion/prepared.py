"""A prepared denoising, which can be tried again in less memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import Control
from medialab.diffusion.encoded_pictures import encoding_once
from medialab.diffusion.encoding import encode
from medialab.diffusion.inpaint_models import Masked, reading
from medialab.diffusion.inputs import rounding_notes
from medialab.diffusion.latents import latent_shape
from medialab.diffusion.low_memory import has_rows_apart
from medialab.diffusion.noise import first_noise
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.start import begin_over_picture
from medialab.diffusion.step_cache import StepCache
from medialab.diffusion.steps import BetweenSteps, Step
from medialab.diffusion.tiling import in_tiles
from medialab.families.base import INPAINT
from medialab.families.capabilities import Followed
from medialab.families.conditioning import Conditioning
from medialab.families.guidance import INTERVAL_UNREAD, Guide
from medialab.families.needs import with_read
from medialab.lora import Applied, loras_as_record
from medialab.process.memory import claim
from medialab.settings.sampling import DISTILLED, Sampling
from medialab.settings.steps import Plan

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing
    from medialab.families.base import Task


@dataclass
class PreparedDenoising:
    """A denoising with all that its tries share, and its record.

    Attributes:
        drawing: The checkpoint on loan.
        task: The pipeline's task.
        sampling: Prompts, sampler, steps, seed and the rest.
        controls: ControlNets with their control images, of the size `drawn`.
        options: Variation, inpainting, tiles and the like.
        size: Width and height of the picture, in pixels.
        drawn: The same in whole blocks, as it is drawn.
        inputs: The pipeline's further inputs.
        pipeline: The diffusers pipeline of all tries.
        network: The checkpoint's denoiser.
        trained: The checkpoint's own scheduler config.
        steps: The planned steps.
        masked: The additional input of a denoiser made for inpainting.
        followed: The ControlNets that the denoiser itself follows.
        forgets: Whether the strength is 1: nothing of the picture is under the noise.
        pictures: The pictures of an instruction, which its text encoder may look at, too.
        inversions: Names of the textual inversions that the last try's prompts used.
        step_cache: What steps reuse of earlier ones.
        notes: Notes of the last try for the record.
        told: The pipeline's input for the guidance that the denoiser is told; empty if none.
    """

    drawing: "Drawing"
    task: "Task"
    sampling: Sampling
    controls: Sequence[Control]
    options: DenoisingOptions
    size: tuple[int, int]
    drawn: tuple[int, int]
    inputs: Mapping[str, Any]
    pipeline: Any
    network: Any
    trained: Mapping[str, Any]
    steps: Plan
    masked: Masked | None
    followed: Sequence[Followed]
    forgets: bool
    pictures: "Sequence[Image.Image]" = ()
    inversions: Sequence[str] = ()
    step_cache: StepCache = field(default_factory=lambda: StepCache(0))
    notes: Sequence[str] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def attempt(
        self,
        loras: Applied,
        on_step: Step,
        embeddings: "Mapping[str, torch.Tensor] | None",
        *,
        beside: int = 1,
    ) -> "torch.Tensor":
        """Run the pipeline and return its latents; scheduler, generator and noise are made anew.

        Args:
            loras: The LoRAs that are applied to the checkpoint.
            on_step: Called after each step; may raise to stop.
            embeddings: The prompts' embeddings, if they are encoded already.
            beside: The pictures that are denoised at once, this one included. With more than one,
                the caller lets the VAE encode once and the denoiser compute in groups, for all.
        """
        import torch

        family, sampling, pipeline = self.drawing.family, self.sampling, self.pipeline
        setattr(pipeline, family.denoiser.part, self.network)
        self._claim(beside)
        pipeline.scheduler = self._scheduler()
        loras.advance(0)
        self.step_cache.begin()
        generator = torch.Generator("cpu").manual_seed(sampling.seed)
        with ExitStack() as undo, torch.inference_mode():
            if beside == 1:
                undo.enter_context(encoding_once(self.drawing))
            # Encoded by an earlier stage, they have too few bits where this one repeats in float32.
            dtype = self.drawing.dtype
            conditioning = Conditioning.of(embeddings, dtype) if embeddings else self._encoded()
            first = self._first(generator)
            self._enter_parts(undo)
            guide = family.guide(pipeline, family.denoiser.part, conditioning, self.steps.run)
            guide.guide_within(sampling.guided)
            if beside == 1:
                undo.enter_context(self.drawing.checkpoint.denoising())
            undo.enter_context(guide.composing())
            self.told = guide.distilled_inputs(sampling.distilled_guidance_scale)
            self.inversions = conditioning.inversions
            self.notes = self._notes_on(conditioning, guide)
            between = self._between_steps(guide, loras, on_step, undo)
            pipeline(
                **guide.inputs(sampling.guidance_scale),
                **self.told,
                **self.inputs,
                **first,
                num_inference_steps=self.steps.total,
                generator=generator,
                callback_on_step_end=between,
                callback_on_step_end_tensor_inputs=between.tensor_inputs,
                output_type="latent",
            )
        if between.latents is None:
            raise RuntimeError("the pipeline called back after none of its steps")
        return between.latents

    @contextmanager
    def reusing_steps(self, loras: Applied, *, is_alone: bool) -> Iterator[None]:
        """Let steps reuse what earlier ones computed inside the `with` block, if that is asked for.

        It surrounds all tries, so that each call of the denoiser is one of those that they make.

        Args:
            loras: The LoRAs that are applied; with others on, nothing is reused.
            is_alone: Whether no other picture is in the denoiser's batch.
        """
        in_full = ""
        if self.options.tiles:  # a tile is told what its neighbour is
            in_full = "tiles"
        elif self.followed:  # their samples are added to what each block returns
            in_full = "steps that follow ControlNets"
        elif not is_alone:  # whether a batch reuses would depend on the other pictures
            in_full = "pictures that are denoised together"
        self.step_cache = StepCache(self.drawing.step_cache, in_full, lambda: loras.on)
        with self.step_cache.within(self.drawing.family, self.network):
            yield

    def record(self, asked: Mapping[str, Any], loras: Applied) -> dict[str, Any]:
        """Return the denoising's record; `asked` are the inputs that the stage passed."""
        sampling, schedulers = self.sampling, self.drawing.family.schedulers
        names, guided = (sampling.sampler, sampling.schedule), sampling.guided
        strength = asked.get("strength")
        of = {"strength": round(strength, 4), "of_steps": self.steps.total} if strength else {}
        return {
            "pipeline": type(self.pipeline).__name__,
            "scheduler": type(self.pipeline.scheduler).__name__,
            "schedule": schedulers.applied(*names, self.trained, self.steps.total),
            "prediction_type": schedulers.predicts(self.trained),
            **({"weights": weights} if (weights := self.drawing.checkpoint.weights) else {}),
            "steps": self.steps.run,
            **({DISTILLED: sampling.distilled_guidance_scale} if self.told else {}),
            **of,
            **({"guided_steps": guided.of(self.steps.run)} if not guided.is_whole else {}),
            "model_calls": int(self.pipeline.num_timesteps),
            **self.step_cache.as_record,
            **loras_as_record(loras),
            **({"unused_loras": list(sampling.unused_loras)} if sampling.unused_loras else {}),
            **({"control": [one.as_record for one in self.controls]} if self.controls else {}),
            **({"embeddings": list(self.inversions)} if self.inversions else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            **self.options.as_record(self.steps.run),
        }

    def _scheduler(self) -> Any:
        """Return a new scheduler, set to begin as this denoising does."""
        family, sampling, options = self.drawing.family, self.sampling, self.options
        scheduler = family.schedulers.make(
            sampling.sampler,
            sampling.schedule,
            self.trained,
            steps=self.steps,
            seed=sampling.seed,
        )
        if options.noise_multiplier != 1 or self.forgets:
            noising = family.require(family.noising, "starting from a picture")
            begin_over_picture(
                noising, scheduler, options.kept, options.noise_multiplier, forgets=self.forgets
            )
        return scheduler

    def _restore(self) -> "Callable[[torch.Tensor, int], torch.Tensor] | None":
        """Return a function that restores the preserved area after a step, if there is one."""
        family, kept = self.drawing.family, self.options.kept
        if kept is None:
            return None
        noising = family.require(family.noising, "keeping a part of a picture")

        def restore(latents: "torch.Tensor", step: int) -> "torch.Tensor":
            return kept.restored(latents, noising, self.pipeline, step, self.sampling.seed)

        return restore

    def _between_steps(
        self, guide: Guide, loras: Applied, on_step: Step, undo: ExitStack
    ) -> BetweenSteps:
        """Return the callback that the pipeline calls after each step."""
        return BetweenSteps(
            self.pipeline,
            self.sampling,
            self.steps.run,
            guide,
            loras,
            on_step,
            undo,
            self._restore(),
            self.options.handover,
            self.drawing.family.packing,
            latent_shape(self.drawing, *self.drawn)[-2:],
        )

    def _notes_on(self, conditioning: Conditioning, guide: Guide) -> list[str]:
        """Return a try's notes for the record."""
        sampling = self.sampling
        return [
            *conditioning.notes,
            *guide.notes(sampling.guidance_scale, sampling.negative_prompt),
            *([INTERVAL_UNREAD] if sampling.sets_guided_in_vain else []),
            *self.drawing.family.schedulers.notes(sampling.sampler),
            *rounding_notes(self.size, self.drawn, self.drawing.block),
        ]

    def _encoded(self) -> Conditioning:
        """Encode both prompts, for the steps that are really run."""
        return encode(
            self.drawing,
            self.sampling.prompt,
            self.sampling.negative_prompt,
            steps=self.steps.run,
            emphasis=self.sampling.emphasis,
            clip_skip=self.sampling.clip_skip,
            pictures=self.pictures,
        )

    def _first(self, generator: "torch.Generator") -> "dict[str, torch.Tensor]":
        """Return the first noise as an input of the pipeline, or nothing if it draws its own."""
        import torch

        drawing = self.drawing
        shape = latent_shape(drawing, *self.drawn)
        dtype = torch.float32 if drawing.family.latents.in_float32 else drawing.dtype
        if self.options.variation is not None:
            noise = first_noise(shape, generator, dtype, self.options.variation)
            packing = drawing.family.packing
            if packing is not None and packing.takes_packed:
                noise = packing.packed(noise)
            return {"latents": noise}
        if self.task == "text-to-image" and drawing.variant == INPAINT:
            # The pipeline would draw as many channels as the denoiser reads.
            return {"latents": torch.randn(shape, generator=generator, dtype=dtype)}
        return {}

    def _enter_parts(self, undo: ExitStack) -> None:
        """Give the denoiser its inpainting input, ControlNets and tiles, until `undo` is closed."""
        family = self.drawing.family
        if self.masked is not None:
            undo.enter_context(reading(family, self.network, self.masked))
        if self.followed:
            control = family.require(family.control_following, "following ControlNets")
            following = control.following(self.pipeline, self.network, self.followed)
            undo.enter_context(following)
        if self.options.tiles is not None:
            undo.enter_context(in_tiles(family, self.pipeline, self.options.tiles))

    def _claim(self, pictures: int) -> None:
        """Refuse steps of so many pictures for which memory does not suffice, before the first."""
        drawing, tiles = self.drawing, self.options.tiles
        width, height = (side // drawing.reduction for side in self.drawn)
        if tiles is not None:
            width, height = min(width, tiles.size), min(height, tiles.size)
        editing = drawing.family.editing
        read = sum(editing.read_area(one.size) for one in self.pictures) if editing else 0
        rows = pictures * (1 if self.sampling.guidance_scale <= 1 else 2)
        rows = 1 if has_rows_apart(self.network) else rows
        maps = drawing.family.denoiser.width(self.network)
        latents = with_read((width, height), read, drawing.reduction)
        needed = drawing.family.needs.denoising_bytes(latents, maps, drawing.dtype.itemsize, rows)
        what = f"to draw {width * drawing.reduction} × {height * drawing.reduction} px"
        claim(needed, drawing.device, what)
