"""One denoising for any stage: a fresh scheduler, noise from the CPU, a callback at each step.

Or several of one checkpoint, side by side.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import Control
from medialab.diffusion.latents import decode_latents
from medialab.diffusion.low_memory import denoiser_fallbacks
from medialab.diffusion.options import PLAIN, DenoisingOptions
from medialab.diffusion.prepared import PreparedDenoising
from medialab.diffusion.preparing import prepared
from medialab.diffusion.start import is_picture, size_of
from medialab.diffusion.steps import Step
from medialab.diffusion.together import Attempt, Places, attempt_together
from medialab.errors import NotFiniteError
from medialab.lora import Applied
from medialab.process.retries import RetryPolicy, is_finite
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing
    from medialab.families.base import Task


class Denoised(NamedTuple):
    """A drawn picture and the record of how it was drawn."""

    image: "Image.Image"
    applied: dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked of one denoising.

    Attributes:
        task: The pipeline's task.
        sampling: Prompts, sampler, steps, seed and the rest.
        on_step: Called with (step, steps, latents); may raise to stop, which leaves nothing
            changed.
        embeddings: The prompts' embeddings, if they are encoded already and no step changes them.
        controls: ControlNets with their control images, of `size`.
        options: Variation, inpainting, tiles and the like.
        size: The picture's width and height in pixels; by default those of the input picture, or
            those that its latents stand for.
        inputs: Further inputs of the task (picture, strength; the pictures of an instruction).
            Latents have the padded size.
        retries: How failed work of this picture is retried; by default as the drawing's.
    """

    task: "Task"
    sampling: Sampling
    on_step: Step
    embeddings: "Mapping[str, torch.Tensor] | None" = None
    controls: Sequence[Control] = ()
    options: DenoisingOptions = PLAIN
    size: tuple[int, int] | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    retries: RetryPolicy | None = None


def denoise(
    drawing: "Drawing",
    task: "Task",
    sampling: Sampling,
    on_step: Step,
    *,
    embeddings: "Mapping[str, torch.Tensor] | None" = None,
    controls: Sequence[Control] = (),
    options: DenoisingOptions = PLAIN,
    size: tuple[int, int] | None = None,
    **inputs: Any,
) -> Denoised:
    """Run a diffusers pipeline once.

    Sides are drawn in whole blocks: the input picture and the control images are padded to them by
    repeating their edge, and the result is cropped back.

    Args: as `Asked` has them; `drawing` is the checkpoint, with the stage's VAE, LoRAs and retry
        policy.

    Raises:
        ConfigError: the picture is too large to be drawn at once.
        NotFiniteError: the denoiser or the VAE computed NaN or infinity.
        OutOfMemoryError: memory ran out with every fallback.
        ModelRefusedError: a LoRA is made for another family, or the family does not support the
            task; nothing was changed.
    """
    asked = Asked(task, sampling, on_step, embeddings, controls, options, size, inputs)
    (denoised,) = denoise_all(drawing, [asked])
    return denoised


def denoise_all(
    drawing: "Drawing", asked: Sequence[Asked], places: Places | None = None
) -> list[Denoised]:
    """Run a diffusers pipeline for each picture, side by side.

    Args:
        drawing: The checkpoint, with the VAE, LoRAs and retry policy of all.
        asked: Of one task, one size and the same LoRAs.
        places: The places of the pictures in the batch of the denoiser; None for one picture that
            is denoised alone.

    Raises:
        MediaLabError: as `denoise`, for any of them.
    """
    sizes = [one.size or size_of(one.inputs["image"], drawing.reduction) for one in asked]
    runs = [
        prepared(drawing, one.task, one.sampling, one.controls, one.options, size, one.inputs)
        for one, size in zip(asked, sizes, strict=True)
    ]
    run = runs[0]
    with (
        drawing.with_loras(run.sampling.asked_loras, calls=run.steps.run) as loras,
        ExitStack() as undo,
    ):
        for each in runs:
            undo.enter_context(each.reusing_steps(loras, is_alone=places is None))
        encodes = run.task == "instruct" or is_picture(run.inputs.get("image"))
        networks = [control.network for control in run.controls]
        fallbacks = [*loras.fallbacks(), *denoiser_fallbacks(drawing, networks, encodes=encodes)]
        attempt = partial(_attempt, runs, asked, places, loras)
        drawn = drawing.retries.attempt("the denoiser", fallbacks, attempt)
    for one, latents in zip(asked, drawn, strict=True):
        _refuse_not_finite(latents, one.sampling)
    shared = [*drawing.retries.done]
    found = []
    for at, (one, run, latents, size) in enumerate(zip(asked, runs, drawn, sizes, strict=True)):
        own = drawing.retrying(one.retries or drawing.retries)
        if own.retries is not drawing.retries:
            own.retries.done.extend(shared)
        image = _decoded(own, one.options, latents)
        cropped = image if image.size == size else image.crop((0, 0, *size))
        record = run.record(one.inputs, loras) | (places.as_record(at) if places else {})
        found.append(Denoised(cropped, record))
    return found


def _attempt(
    runs: Sequence[PreparedDenoising],
    asked: Sequence[Asked],
    places: Places | None,
    loras: Applied,
) -> "list[torch.Tensor]":
    """Return the latents of each picture."""
    every = [
        Attempt(run, one.on_step, one.embeddings) for run, one in zip(runs, asked, strict=True)
    ]
    if places is None:
        return [run.attempt(loras, on_step, embeddings) for run, on_step, embeddings in every]
    return attempt_together(every, places, loras)


def _refuse_not_finite(latents: "torch.Tensor", sampling: Sampling) -> None:
    if not is_finite(latents):
        message = (
            "the denoiser produced NaN with sampler "
            f"{sampling.sampler!r}; try another one, or a lower guidance scale"
        )
        raise NotFiniteError(message)


def _decoded(
    drawing: "Drawing", options: DenoisingOptions, latents: "torch.Tensor"
) -> "Image.Image":
    """Decode latents with the VAE of the checkpoint that the denoising began with."""
    if options.handover is None:
        return decode_latents(drawing, latents)
    with options.handover.open_base() as base:
        return decode_latents(base, latents)
