"""One denoising, whatever stage asks for it: a scheduler of its own, CPU noise, steps that tell."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import Control
from medialab.diffusion.encoding import encode
from medialab.diffusion.inpaint_models import Masked, all_masked, reading
from medialab.diffusion.latents import decode_latents, latent_shape
from medialab.diffusion.low_memory import denoiser_fallbacks, has_rows_apart
from medialab.diffusion.noise import Variation, first_noise
from medialab.diffusion.second_checkpoint import Handover
from medialab.diffusion.tiling import Tiles, in_tiles
from medialab.errors import NotFiniteError
from medialab.families.base import INPAINT
from medialab.families.conditioning import Conditioning
from medialab.families.guidance import Guide
from medialab.loading.memory_needs import denoising_bytes
from medialab.lora import Applied, told
from medialab.pixels.geometry import MOST_DRAWN, drawn_size, too_large_to_draw
from medialab.pixels.resizing import padded
from medialab.process.memory import claim
from medialab.process.retries import is_finite
from medialab.settings.samplers import applied_schedule, make_scheduler, with_prediction
from medialab.settings.sampling import Sampling
from medialab.settings.steps import Plan, planned

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing
    from medialab.families.base import Task

Step = Callable[[int, int, "torch.Tensor"], None]


class Denoised(NamedTuple):
    """The picture, and what was applied to make it."""

    image: "Image.Image"
    applied: dict[str, Any]


class Kept(NamedTuple):
    """What a denoising must not change: the picture's latents where `mask` is below 1.

    `latents` (1, 4, h, w); `mask` (1, 1, h, w) in [0, 1]. With `soft` a grey place is freed for its
    share of the last steps. Source: Levin and Fried, "Differential Diffusion".
    """

    latents: "torch.Tensor"
    mask: "torch.Tensor"
    soft: bool = False

    def painted(self, done: float) -> "torch.Tensor":
        """Return where it may be changed once `done` (0 to 1) of the steps are, as booleans."""
        freed_at = 1 - done if self.soft else 0.5
        return (self.mask >= freed_at) & (self.mask > 0)


@dataclass(frozen=True)
class How:
    """How a denoising departs from the plain one.

    `kept` is what it must not change, `masked` what a denoiser made for inpainting is told of that.
    A `variation` is for text to image; `noise_multiplier`, how
    strong the first noise is, for tasks that start from a picture. `exact_steps` runs as many steps
    as are set, whatever the strength; otherwise the strength's share of them is run. `handover` is
    another checkpoint that takes over. `tiles` has large latents denoised in parts.
    """

    kept: Kept | None = None
    masked: Masked | None = None
    variation: Variation | None = None
    noise_multiplier: float = 1.0
    exact_steps: bool = False
    handover: Handover | None = None
    tiles: Tiles | None = None

    def told_of(self, steps: int) -> dict[str, Any]:
        """Return what the record says of it when all of so many steps are done."""
        return {
            **({"variation": self.variation._asdict()} if self.variation else {}),
            **({"handover": self.handover.told_of(steps)} if self.handover else {}),
            **({"tiles": self.tiles.told} if self.tiles else {}),
        }


PLAIN = How()


def denoise(
    drawing: "Drawing",
    task: "Task",
    sampling: Sampling,
    on_step: Step,
    *,
    embeddings: "dict[str, torch.Tensor] | None" = None,
    controls: Sequence[Control] = (),
    how: How = PLAIN,
    size: tuple[int, int] | None = None,
    **inputs: Any,
) -> Denoised:
    """Run a diffusers pipeline once, for a picture of `size` (width, height in pixels).

    Where it starts from a picture, or latents, the size may be left to those.

    What is drawn has whole blocks: pictures that are given, and what ControlNets are shown, are
    grown to them by repeating their edge, and the result is cut back. `controls` are ControlNets
    with what they are shown, at that size. `embeddings` are the prompts' if they are encoded
    already and stay the same; `inputs` are what the task needs besides (picture, strength).
    Latents among them have the drawn size. `on_step(step, steps, latents)` may raise to stop;
    nothing is left changed then.

    Raises:
        ConfigError: the picture is too large to be drawn at once.
        NotFiniteError: the denoiser or the VAE computed no numbers.
        OutOfMemoryError: there was no room with every fallback.
        ModelRefusedError: a LoRA is made for another family; nothing was changed.
    """
    import torch

    size = size or _size_of(inputs["image"], drawing.block)
    drawn = drawn_size(*size, drawing.block)
    if max(drawn) > MOST_DRAWN and how.tiles is None:
        raise too_large_to_draw(size)
    controls = [one._replace(shown=padded(one.shown, *drawn)) for one in controls]
    if _is_picture(inputs.get("image")):
        inputs["image"] = padded(inputs["image"], *drawn)
    if task == "text-to-image":
        inputs["width"], inputs["height"] = drawn
    networks = [control.network for control in controls]
    # One for all tries: to load the checkpoint that takes over may release this one.
    pipeline = drawing.pipeline(task, networks)
    trained = with_prediction(pipeline.scheduler.config, sampling.prediction_type)
    unet = pipeline.unet
    strength = inputs.get("strength")
    steps = planned(
        sampling.sampler, sampling.schedule, sampling.steps, strength, exact=how.exact_steps
    )
    forgets = strength is not None and strength >= 1
    inputs |= _start_inputs(pipeline, inputs, steps, drawing.dtype)
    inputs |= _control_inputs(task, controls)
    masked = _masked(drawing, how, drawn)
    with drawing.with_loras(sampling.asked_loras, calls=steps.run) as loras:
        inversions: list[str] = []

        def attempt() -> "torch.Tensor":
            # All that steps change is made anew for each try.
            pipeline.unet = unet
            _claim(drawing, unet, sampling, drawn, how)
            pipeline.scheduler = make_scheduler(
                sampling.sampler,
                sampling.schedule,
                trained,
                steps=steps.total,
                seed=sampling.seed,
            )
            _begin(pipeline.scheduler, how, forgets=forgets)
            loras.advance(0)
            generator = torch.Generator("cpu").manual_seed(sampling.seed)
            with ExitStack() as undo, torch.inference_mode():
                conditioning = (
                    Conditioning.of(embeddings)
                    if embeddings
                    else _conditioning(drawing, sampling, steps.run)
                )
                inversions[:] = conditioning.inversions
                shape = latent_shape(pipeline, *drawn)
                first = _first(task, shape, generator, drawing, how)
                if masked is not None:
                    undo.enter_context(reading(unet, masked))
                if how.tiles is not None:
                    undo.enter_context(in_tiles(pipeline, how.tiles))
                guide = _guide(drawing, pipeline, conditioning, steps.run)
                undo.enter_context(guide.composing())
                between = _BetweenSteps(
                    pipeline, sampling, steps.run, guide, loras, how, on_step, undo
                )
                latents: torch.Tensor = pipeline(
                    **guide.inputs(sampling.guidance_scale),
                    **inputs,
                    **first,
                    num_inference_steps=steps.total,
                    generator=generator,
                    callback_on_step_end=between,
                    callback_on_step_end_tensor_inputs=between.tensor_inputs,
                    output_type="latent",
                ).images
            return latents

        encodes = _is_picture(inputs.get("image"))
        fallbacks = [*loras.fallbacks(), *denoiser_fallbacks(drawing, networks, encodes=encodes)]
        latents = drawing.retries.attempt("the denoiser", fallbacks, attempt)
    if not is_finite(latents):
        message = (
            "the denoiser produced NaN with sampler "
            f"{sampling.sampler!r}; try another one, or a lower guidance scale"
        )
        raise NotFiniteError(message)
    image = _decoded(drawing, how, latents)
    return Denoised(
        image if image.size == size else image.crop((0, 0, *size)),
        {
            "pipeline": type(pipeline).__name__,
            "scheduler": type(pipeline.scheduler).__name__,
            "schedule": applied_schedule(sampling.sampler, sampling.schedule, trained, steps.total),
            "prediction_type": trained.get("prediction_type", "epsilon"),
            "steps": steps.run,
            **({"strength": round(strength, 4), "of_steps": steps.total} if strength else {}),
            "model_calls": int(pipeline.num_timesteps),
            **told(loras),
            **({"unused_loras": list(sampling.unused_loras)} if sampling.unused_loras else {}),
            **({"control": [control.told for control in controls]} if controls else {}),
            **({"embeddings": list(inversions)} if inversions else {}),
            **how.told_of(steps.run),
        },
    )


def _decoded(drawing: "Drawing", how: How, latents: "torch.Tensor") -> "Image.Image":
    """Return the picture of latents, by the VAE that the denoising began with."""
    if how.handover is None:
        return decode_latents(drawing, latents)
    with how.handover.open_base() as base:
        return decode_latents(base, latents)


def _guide(drawing: "Drawing", pipeline: Any, conditioning: Conditioning, steps: int) -> Guide:
    """Return what tells the prompts to the pipeline."""
    return drawing.family.guide(pipeline, drawing.family.denoiser.part, conditioning, steps)


def _masked(drawing: "Drawing", how: How, drawn: tuple[int, int]) -> Masked | None:
    """What a denoiser made for inpainting is told; None for any other."""
    if drawing.variant != INPAINT:
        return None
    return how.masked or all_masked(drawing, drawn)


def _first(
    task: "Task",
    shape: tuple[int, ...],
    generator: "torch.Generator",
    drawing: "Drawing",
    how: How,
) -> "dict[str, torch.Tensor]":
    """The first noise, as an input of the pipeline, where that does not draw it itself."""
    import torch

    if how.variation is not None:
        return {"latents": first_noise(shape, generator, drawing.dtype, how.variation)}
    if task == "text-to-image" and drawing.variant == INPAINT:
        # The pipeline would draw as many channels as the denoiser reads.
        return {"latents": torch.randn(shape, generator=generator, dtype=drawing.dtype)}
    return {}


def _size_of(image: Any, block: int) -> tuple[int, int]:
    """Width and height in pixels of a picture, or of what latents stand for."""
    if _is_picture(image):
        width, height = image.size
        return width, height
    return image.shape[-1] * block, image.shape[-2] * block


def _claim(
    drawing: "Drawing", unet: Any, sampling: Sampling, drawn: tuple[int, int], how: How
) -> None:
    """Refuse steps for which there is no room, before the first."""
    width, height = (side // drawing.block for side in drawn)
    if how.tiles is not None:
        width, height = min(width, how.tiles.size), min(height, how.tiles.size)
    rows = 1 if sampling.guidance_scale <= 1 or has_rows_apart(unet) else 2
    channels = int(unet.config.block_out_channels[0])
    needed = denoising_bytes(width, height, channels, drawing.dtype.itemsize, rows)
    what = f"to draw {width * drawing.block} × {height * drawing.block} px"
    claim(needed, drawing.device, what)


def _is_picture(given: Any) -> bool:
    """Whether a pipeline that is given this brings it to latents itself."""
    import torch

    return given is not None and not isinstance(given, torch.Tensor)


class _BetweenSteps:
    """What happens between a pipeline's steps: its callback."""

    def __init__(
        self,
        pipeline: Any,
        sampling: Sampling,
        steps: int,
        guide: Guide,
        loras: Applied,
        how: How,
        on_step: Step,
        undo: ExitStack,
    ) -> None:
        self._pipeline, self._sampling, self._steps = pipeline, sampling, steps
        self._guide, self._loras, self._how = guide, loras, how
        self._on_step, self._undo = on_step, undo
        if how.handover is not None:
            how.handover.begin()

    @property
    def tensor_inputs(self) -> list[str]:
        """What the pipeline must hand over."""
        if self._how.handover is not None:
            return self._guide.every_tensor_input
        return self._guide.tensor_inputs

    def __call__(
        self, _pipeline: Any, step: int, _timestep: Any, tensors: "dict[str, torch.Tensor]"
    ) -> "dict[str, torch.Tensor]":
        """After step `step`, counted from 0: restore what is kept, tell of it, tell the next."""
        # Samplers that call the model twice report both halves: the count is the scheduler's.
        done, calls = step + 1, int(self._pipeline.num_timesteps)
        if self._how.kept is not None:
            tensors["latents"] = _restored(
                tensors["latents"], self._how.kept, self._pipeline, step, self._sampling.seed
            )
        self._on_step(done, calls, tensors["latents"])
        self._loras.advance(done / calls)
        handover = self._how.handover
        if handover is None:
            return tensors | self._guide.advance(done, tensors)
        other = None
        if handover.is_due(done + 1, self._pipeline):
            other = handover.take_over(
                done + 1, self._pipeline, self._sampling, self._steps, self._undo
            )
            self._guide = other or self._guide
        handover.advance(done / calls)
        return tensors | self._guide.advance(done, tensors, anew=other is not None)


def _begin(scheduler: Any, how: How, *, forgets: bool) -> None:
    """Have the first noise come over the picture as `how` says; what comes later is as ever.

    At full strength (`forgets`) nothing of the picture is under it: a denoising begins as text to
    image does, but for what is kept. The scheduler is this denoising's own.
    Source: A1111's "Noise multiplier for img2img"; the strength of 1 of diffusers'
    StableDiffusionInpaintPipeline.
    """
    import torch

    plain = scheduler.add_noise

    def first(original: Any, noise: Any, timesteps: Any) -> Any:
        del scheduler.add_noise
        noise = noise * how.noise_multiplier
        over_picture = plain(original, noise, timesteps)
        if not forgets:
            return over_picture
        alone = noise * scheduler.init_noise_sigma
        return alone if how.kept is None else torch.where(how.kept.painted(0), alone, over_picture)

    if how.noise_multiplier != 1 or forgets:
        scheduler.add_noise = first


def _start_inputs(
    pipeline: Any, inputs: Mapping[str, Any], steps: Plan, dtype: "torch.dtype"
) -> dict[str, Any]:
    """Return what a pipeline that starts from a picture is given in place of what was asked."""
    if (strength := inputs.get("strength")) is None:
        return {}
    forgotten = {"image": _blank(pipeline, inputs["image"], dtype)} if strength >= 1 else {}
    return {"strength": steps.strength, **forgotten}


def _blank(pipeline: Any, image: Any, dtype: "torch.dtype") -> "torch.Tensor":
    """Return empty latents (1, c, h, w) for a picture, so that nothing is encoded to be forgotten.

    `image` is a picture, or its latents already, which are left as they are.
    """
    import torch

    if isinstance(image, torch.Tensor):
        return image
    scale = int(pipeline.vae_scale_factor)
    channels = int(pipeline.vae.config.latent_channels)
    return torch.zeros(1, channels, image.height // scale, image.width // scale, dtype=dtype)


def _control_inputs(task: "Task", controls: Sequence[Control]) -> dict[str, Any]:
    """What diffusers' ControlNet pipelines take besides; one of them is given without a list."""
    if not controls:
        return {}
    lists: dict[str, list[Any]] = {
        "image" if task == "text-to-image" else "control_image": [one.shown for one in controls],
        "controlnet_conditioning_scale": [one.unit.weight for one in controls],
        "control_guidance_start": [one.unit.start for one in controls],
        "control_guidance_end": [one.unit.end for one in controls],
    }
    return lists if len(controls) > 1 else {name: value[0] for name, value in lists.items()}


def _conditioning(drawing: "Drawing", sampling: Sampling, steps: int) -> Conditioning:
    """Both prompts, for the steps that are really run."""
    return encode(
        drawing,
        sampling.prompt,
        sampling.negative_prompt,
        steps=steps,
        emphasis=sampling.emphasis,
        clip_skip=sampling.clip_skip,
    )


def _restored(
    latents: "torch.Tensor", kept: Kept, pipeline: Any, step: int, seed: int
) -> "torch.Tensor":
    """The latents with what is kept put back, as noisy as the next step expects it.

    Source: diffusers' StableDiffusionInpaintPipeline, which does so for 4-channel denoisers.
    """
    import torch

    timesteps = pipeline.scheduler.timesteps
    timesteps = timesteps[len(timesteps) - pipeline.num_timesteps :]
    original = kept.latents
    if step + 1 < len(timesteps):
        generator = torch.Generator("cpu").manual_seed(seed)
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        following = timesteps[step + 1 : step + 2]
        original = pipeline.scheduler.add_noise(original, noise, following)
    return torch.where(kept.painted((step + 1) / len(timesteps)), latents, original.to(latents))
