"""A prepared denoising, which can be tried again in less memory."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import Control
from medialab.diffusion.encoding import encode
from medialab.diffusion.inpaint_models import Masked, all_masked, reading
from medialab.diffusion.latents import latent_shape
from medialab.diffusion.low_memory import has_rows_apart
from medialab.diffusion.noise import first_noise
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.start import begin_over_picture, blank, is_picture
from medialab.diffusion.steps import BetweenSteps, Step
from medialab.diffusion.tiling import in_tiles
from medialab.families.base import INPAINT
from medialab.families.conditioning import Conditioning
from medialab.lora import Applied, loras_as_record
from medialab.pixels.geometry import MOST_DRAWN, drawn_size, too_large_to_draw
from medialab.pixels.resizing import padded
from medialab.process.memory import claim
from medialab.settings.sampling import Sampling
from medialab.settings.schedulers import with_prediction
from medialab.settings.steps import Plan, planned

if TYPE_CHECKING:
    import torch

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
        drawn: Width and height in pixels, whole blocks.
        inputs: The pipeline's further inputs.
        pipeline: The diffusers pipeline of all tries.
        network: The checkpoint's denoiser.
        trained: The checkpoint's own scheduler config.
        steps: The planned steps.
        masked: The additional input of a denoiser made for inpainting.
        forgets: Whether the strength is 1: nothing of the picture is under the noise.
        inversions: Names of the textual inversions that the last try's prompts used.
        notes: Notes of the last try for the record.
    """

    drawing: "Drawing"
    task: "Task"
    sampling: Sampling
    controls: Sequence[Control]
    options: DenoisingOptions
    drawn: tuple[int, int]
    inputs: Mapping[str, Any]
    pipeline: Any
    network: Any
    trained: Mapping[str, Any]
    steps: Plan
    masked: Masked | None
    forgets: bool
    inversions: Sequence[str] = ()
    notes: Sequence[str] = ()

    def attempt(
        self, loras: Applied, on_step: Step, embeddings: "dict[str, torch.Tensor] | None"
    ) -> "torch.Tensor":
        """Run the pipeline and return its latents; scheduler, generator and noise are made anew.

        Args:
            loras: The LoRAs that are applied to the checkpoint.
            on_step: Called after each step; may raise to stop.
            embeddings: The prompts' embeddings, if they are encoded already.
        """
        import torch

        family, sampling, pipeline = self.drawing.family, self.sampling, self.pipeline
        setattr(pipeline, family.denoiser.part, self.network)
        self._claim()
        pipeline.scheduler = self._scheduler()
        loras.advance(0)
        generator = torch.Generator("cpu").manual_seed(sampling.seed)
        with ExitStack() as undo, torch.inference_mode():
            conditioning = Conditioning.of(embeddings) if embeddings else self._encoded()
            first = self._first(generator)
            self._enter_parts(undo)
            part, steps = family.denoiser.part, self.steps.run
            guide = family.guide(pipeline, part, conditioning, steps)
            undo.enter_context(guide.composing())
            self.inversions = conditioning.inversions
            notes = guide.notes(sampling.guidance_scale, sampling.negative_prompt)
            self.notes = [*conditioning.notes, *notes]
            between = BetweenSteps(
                pipeline,
                sampling,
                steps,
                guide,
                loras,
                on_step,
                undo,
                self._restore(),
                self.options.handover,
            )
            latents: torch.Tensor = pipeline(
                **guide.inputs(sampling.guidance_scale),
                **self.inputs,
                **first,
                num_inference_steps=self.steps.total,
                generator=generator,
                callback_on_step_end=between,
                callback_on_step_end_tensor_inputs=between.tensor_inputs,
                output_type="latent",
            ).images
        return latents

    def record(self, asked: Mapping[str, Any], loras: Applied) -> dict[str, Any]:
        """Return the denoising's record; `asked` are the inputs that the stage passed."""
        sampling, schedulers = self.sampling, self.drawing.family.schedulers
        names = sampling.sampler, sampling.schedule
        strength = asked.get("strength")
        of = {"strength": round(strength, 4), "of_steps": self.steps.total} if strength else {}
        return {
            "pipeline": type(self.pipeline).__name__,
            "scheduler": type(self.pipeline.scheduler).__name__,
            "schedule": schedulers.applied(*names, self.trained, self.steps.total),
            "prediction_type": schedulers.predicts(self.trained),
            "steps": self.steps.run,
            **of,
            "model_calls": int(self.pipeline.num_timesteps),
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
            steps=self.steps.total,
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

    def _encoded(self) -> Conditioning:
        """Encode both prompts, for the steps that are really run."""
        return encode(
            self.drawing,
            self.sampling.prompt,
            self.sampling.negative_prompt,
            steps=self.steps.run,
            emphasis=self.sampling.emphasis,
            clip_skip=self.sampling.clip_skip,
        )

    def _first(self, generator: "torch.Generator") -> "dict[str, torch.Tensor]":
        """Return the first noise as an input of the pipeline, or nothing if it draws its own."""
        import torch

        drawing = self.drawing
        shape = latent_shape(drawing, *self.drawn)
        dtype = torch.float32 if drawing.family.latents.in_float32 else drawing.dtype
        if self.options.variation is not None:
            return {"latents": first_noise(shape, generator, dtype, self.options.variation)}
        if self.task == "text-to-image" and drawing.variant == INPAINT:
            # The pipeline would draw as many channels as the denoiser reads.
            return {"latents": torch.randn(shape, generator=generator, dtype=dtype)}
        return {}

    def _enter_parts(self, undo: ExitStack) -> None:
        """Give the denoiser its inpainting input and its tiles, until `undo` is closed."""
        if self.masked is not None:
            undo.enter_context(reading(self.drawing.family, self.network, self.masked))
        if self.options.tiles is not None:
            undo.enter_context(in_tiles(self.drawing.family, self.pipeline, self.options.tiles))

    def _claim(self) -> None:
        """Refuse steps for which memory does not suffice, before the first."""
        drawing, tiles = self.drawing, self.options.tiles
        width, height = (side // drawing.reduction for side in self.drawn)
        if tiles is not None:
            width, height = min(width, tiles.size), min(height, tiles.size)
        rows = 1 if self.sampling.guidance_scale <= 1 or has_rows_apart(self.network) else 2
        maps = drawing.family.denoiser.width(self.network)
        needed = drawing.family.needs.denoising_bytes(
            (width, height), maps, drawing.dtype.itemsize, rows
        )
        what = f"to draw {width * drawing.reduction} × {height * drawing.reduction} px"
        claim(needed, drawing.device, what)


def prepared(
    drawing: "Drawing",
    task: "Task",
    sampling: Sampling,
    controls: Sequence[Control],
    options: DenoisingOptions,
    size: tuple[int, int],
    asked: Mapping[str, Any],
) -> PreparedDenoising:
    """Prepare a denoising.

    Args: as `denoise`; `asked` are its further inputs.

    Raises:
        ConfigError: the picture is too large to be drawn at once.
        ModelRefusedError: the family does not support the task.
    """
    drawn = drawn_size(*size, drawing.block)
    if max(drawn) > MOST_DRAWN and options.tiles is None:
        raise too_large_to_draw(size)
    controls = [one._replace(shown=padded(one.shown, *drawn)) for one in controls]
    # One pipeline for all tries: loading a second checkpoint may release the first.
    pipeline = drawing.pipeline(task, [control.network for control in controls])
    strength = asked.get("strength")
    exact = options.exact_steps
    steps = planned(sampling.sampler, sampling.schedule, sampling.steps, strength, exact=exact)
    return PreparedDenoising(
        drawing,
        task,
        sampling,
        controls,
        options,
        drawn,
        _inputs(drawing, task, asked, drawn, steps) | _control_inputs(drawing, task, controls),
        pipeline,
        getattr(pipeline, drawing.family.denoiser.part),
        with_prediction(pipeline.scheduler.config, sampling.prediction_type),
        steps,
        _masked(drawing, options, drawn),
        forgets=strength is not None and strength >= 1,
    )


def _inputs(
    drawing: "Drawing",
    task: "Task",
    asked: Mapping[str, Any],
    drawn: tuple[int, int],
    steps: Plan,
) -> dict[str, Any]:
    """Return the pipeline's inputs for those that the stage passed."""
    inputs = dict(asked)
    if is_picture(inputs.get("image")):
        inputs["image"] = padded(inputs["image"], *drawn)
    if task == "text-to-image":
        inputs["width"], inputs["height"] = drawn
    if (strength := inputs.get("strength")) is not None:
        inputs["strength"] = steps.strength
        if strength >= 1:
            inputs["image"] = blank(drawing, inputs["image"])
    return inputs


def _control_inputs(
    drawing: "Drawing", task: "Task", controls: Sequence[Control]
) -> dict[str, Any]:
    """Return the pipeline's inputs for ControlNets."""
    if not controls:
        return {}
    family = drawing.family
    inputs = family.require(family.control_inputs, "following ControlNets")
    return inputs(task, [one.shown for one in controls], [one.unit for one in controls])


def _masked(drawing: "Drawing", options: DenoisingOptions, drawn: tuple[int, int]) -> Masked | None:
    """Return the additional input of a denoiser made for inpainting; None for any other."""
    if drawing.variant != INPAINT:
        return None
    return options.masked or all_masked(drawing, drawn)
