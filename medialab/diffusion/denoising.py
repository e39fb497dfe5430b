"""One denoising for any stage: a fresh scheduler, noise from the CPU, a callback at each step."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import Control
from medialab.diffusion.latents import decode_latents
from medialab.diffusion.low_memory import denoiser_fallbacks
from medialab.diffusion.options import PLAIN, DenoisingOptions
from medialab.diffusion.preparing import prepared
from medialab.diffusion.start import is_picture, size_of
from medialab.diffusion.steps import Step
from medialab.errors import NotFiniteError
from medialab.process.retries import is_finite
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


def denoise(
    drawing: "Drawing",
    task: "Task",
    sampling: Sampling,
    on_step: Step,
    *,
    embeddings: "dict[str, torch.Tensor] | None" = None,
    controls: Sequence[Control] = (),
    options: DenoisingOptions = PLAIN,
    size: tuple[int, int] | None = None,
    **inputs: Any,
) -> Denoised:
    """Run a diffusers pipeline once.

    Sides are drawn in whole blocks: the input picture and the control images are padded to them by
    repeating their edge, and the result is cropped back.

    Args:
        drawing: The checkpoint, with the stage's VAE, LoRAs and retry policy.
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

    Raises:
        ConfigError: the picture is too large to be drawn at once.
        NotFiniteError: the denoiser or the VAE computed NaN or infinity.
        OutOfMemoryError: memory ran out with every fallback.
        ModelRefusedError: a LoRA is made for another family, or the family does not support the
            task; nothing was changed.
    """
    size = size or size_of(inputs["image"], drawing.reduction)
    run = prepared(drawing, task, sampling, controls, options, size, inputs)
    with drawing.with_loras(sampling.asked_loras, calls=run.steps.run) as loras:
        encodes = task == "instruct" or is_picture(run.inputs.get("image"))
        networks = [control.network for control in controls]
        fallbacks = [*loras.fallbacks(), *denoiser_fallbacks(drawing, networks, encodes=encodes)]
        attempt = partial(run.attempt, loras, on_step, embeddings)
        latents = drawing.retries.attempt("the denoiser", fallbacks, attempt)
    if not is_finite(latents):
        message = (
            "the denoiser produced NaN with sampler "
            f"{sampling.sampler!r}; try another one, or a lower guidance scale"
        )
        raise NotFiniteError(message)
    image = _decoded(drawing, options, latents)
    return Denoised(
        image if image.size == size else image.crop((0, 0, *size)), run.record(inputs, loras)
    )


def _decoded(
    drawing: "Drawing", options: DenoisingOptions, latents: "torch.Tensor"
) -> "Image.Image":
    """Decode latents with the VAE of the checkpoint that the denoising began with."""
    if options.handover is None:
        return decode_latents(drawing, latents)
    with options.handover.open_base() as base:
        return decode_latents(base, latents)
