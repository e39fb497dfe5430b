"""One denoising, whatever stage asks for it: a scheduler of its own, CPU noise, steps that tell."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.control import Control
from medialab.encoding import Conditioning, Guidance, encode
from medialab.errors import NotFiniteError
from medialab.geometry import BLOCK
from medialab.ladder import in_float32, is_finite
from medialab.lora import told, using
from medialab.noise import PLAIN_NOISE, FirstNoise, first_noise
from medialab.rungs import denoiser_rungs, vae_rungs
from medialab.samplers import applied_schedule, make_scheduler
from medialab.settings import Sampling

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

    from medialab.loading import LoadedModel, Task

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


def denoise(
    model: "LoadedModel",
    task: "Task",
    sampling: Sampling,
    on_step: Step,
    *,
    embeddings: "dict[str, torch.Tensor] | None" = None,
    kept: Kept | None = None,
    controls: Sequence[Control] = (),
    first: FirstNoise = PLAIN_NOISE,
    **inputs: Any,
) -> Denoised:
    """Run a diffusers pipeline once.

    `controls` are ControlNets with what they are shown, at the size that is drawn; `first` is what
    is special of the noise that it starts from.
    `embeddings` are the prompts' if they are encoded already and stay the same; `inputs` are what
    the task needs besides (size, picture, strength).
    `on_step(step, steps, latents)` may raise to stop; nothing is left changed then.

    Raises:
        NotFiniteError: the denoiser or the VAE computed no numbers.
        OutOfMemoryError: there was no room on any rung.
        ModelRefusedError: a LoRA is made for another family; nothing was changed.
    """
    import torch

    networks = [control.network for control in controls]
    pipeline = model.pipeline(task, networks)
    inputs |= _control_inputs(task, controls)
    trained = pipeline.scheduler.config
    steps = shown_steps = sampling.steps
    if (strength := inputs.get("strength")) is not None:
        # diffusers runs int(steps * strength) of them, and none is an error.
        steps = max(steps, math.ceil(1 / strength))
        shown_steps = min(steps, int(steps * strength))
    with using(model, sampling.asked_loras, calls=shown_steps) as loras:

        def attempt() -> "torch.Tensor":
            # All that steps change is made anew for each try.
            pipeline.scheduler = make_scheduler(
                sampling.sampler,
                sampling.schedule,
                trained,
                steps=sampling.steps,
                seed=sampling.seed,
            )
            _strengthen(pipeline.scheduler, first.multiplier)
            if embeddings:
                conditioning = Conditioning.of(embeddings)
            else:
                conditioning = _conditioning(model, sampling, shown_steps)
            guidance = Guidance(pipeline, conditioning, shown_steps)
            generator = torch.Generator("cpu").manual_seed(sampling.seed)
            given = dict(inputs)
            if first.variation is not None:
                shape = _latent_shape(pipeline, inputs["width"], inputs["height"])
                given["latents"] = first_noise(shape, generator, model.dtype, first.variation)

            def after_step(
                _pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]
            ) -> dict[str, Any]:
                # Samplers that call the model twice report both halves: the count is the
                # scheduler's.
                if kept is not None:
                    latents = tensors["latents"]
                    tensors["latents"] = _restored(latents, kept, pipeline, step, sampling.seed)
                on_step(step + 1, pipeline.num_timesteps, tensors["latents"])
                loras.advance((step + 1) / pipeline.num_timesteps)
                return tensors | guidance.advance(step + 1, tensors)

            with guidance.composing(), torch.inference_mode():
                latents: torch.Tensor = pipeline(
                    **conditioning.embeddings(),
                    **given,
                    num_inference_steps=steps,
                    guidance_scale=sampling.guidance_scale,
                    generator=generator,
                    callback_on_step_end=after_step,
                    callback_on_step_end_tensor_inputs=guidance.tensor_inputs,
                    output_type="latent",
                ).images
            return latents

        rungs = denoiser_rungs(model, networks, encodes=_is_picture(inputs.get("image")))
        latents = model.ladder.climb("the denoiser", rungs, attempt)
    if not is_finite(latents):
        message = (
            "the denoiser gave values that are no numbers (NaN) with sampler "
            f"{sampling.sampler!r}; try another one, or a lower guidance scale"
        )
        raise NotFiniteError(message)
    return Denoised(
        decode_latents(model, latents),
        {
            "pipeline": type(pipeline).__name__,
            "scheduler": type(pipeline.scheduler).__name__,
            "schedule": applied_schedule(sampling.sampler, sampling.schedule, trained),
            "model_calls": int(pipeline.num_timesteps),
            **told(loras),
            **({"control": [control.told for control in controls]} if controls else {}),
        },
    )


def _is_picture(given: Any) -> bool:
    """Whether a pipeline that is given this brings it to latents itself."""
    import torch

    return given is not None and not isinstance(given, torch.Tensor)


def _latent_shape(pipeline: Any, width: int, height: int) -> tuple[int, int, int, int]:
    """Of what is denoised for a picture of that size."""
    scale = int(pipeline.vae_scale_factor)
    return 1, int(pipeline.unet.config.in_channels), height // scale, width // scale


def _strengthen(scheduler: Any, multiplier: float) -> None:
    """The first noise, under which the picture goes, times so much; what comes later is as ever.

    Source: A1111's "Noise multiplier for img2img". The scheduler is this denoising's own.
    """
    plain = scheduler.add_noise

    def first(original: Any, noise: Any, timesteps: Any) -> Any:
        del scheduler.add_noise
        return plain(original, noise * multiplier, timesteps)

    if multiplier != 1:
        scheduler.add_noise = first


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


def _conditioning(model: "LoadedModel", sampling: Sampling, steps: int) -> Conditioning:
    """Both prompts, for the steps that are really run."""
    return encode(
        model,
        sampling.prompt,
        sampling.negative_prompt,
        steps=steps,
        emphasis=sampling.emphasis,
        clip_skip=sampling.clip_skip,
    )


def encode_image(model: "LoadedModel", image: "Image.Image") -> "torch.Tensor":
    """The picture's latents (1, 4, h/8, w/8) as the denoiser reads them, without any noise."""
    import numpy as np
    import torch

    vae = model.components["vae"]
    pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None]

    def attempt() -> torch.Tensor:
        scaled = (pixels.to(model.device, vae.dtype) / 127.5) - 1
        with torch.inference_mode():
            latents: torch.Tensor = vae.encode(scaled).latent_dist.mode()
        return latents

    latents = model.ladder.finite("the VAE's encoder", vae_rungs(model), attempt, vae)
    scaled_latents: torch.Tensor = latents.to(model.dtype) - (vae.config.shift_factor or 0)
    return scaled_latents * float(vae.config.scaling_factor)


def decode_latents(model: "LoadedModel", latents: "torch.Tensor") -> "Image.Image":
    """The picture of latents (1, 4, h/8, w/8) as the denoiser leaves them.

    Source: diffusers, the end of StableDiffusionPipeline and StableDiffusionXLPipeline.

    Raises:
        NotFiniteError: the VAE computes no numbers of them, in float32 either.
    """
    import torch

    vae = model.components["vae"]

    def attempt() -> torch.Tensor:
        with torch.inference_mode():
            pixels: torch.Tensor = vae.decode(_unscaled(latents.to(vae.dtype), vae))[0]
        return pixels

    with in_float32(*([vae] if model.vae_overflows else [])):
        pixels = model.ladder.finite("the VAE's decoder", vae_rungs(model), attempt, vae)
    levels = (pixels * 0.5 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()[0]
    return to_image(levels)


def _unscaled(latents: "torch.Tensor", vae: Any) -> "torch.Tensor":
    """Latents as the VAE reads them."""
    mean, std = vae.config.get("latents_mean"), vae.config.get("latents_std")
    scaling = vae.config.scaling_factor
    unscaled: torch.Tensor = latents / scaling
    if mean is not None and std is not None:
        like = latents.new_tensor
        unscaled = latents * like(std).view(1, -1, 1, 1) / scaling + like(mean).view(1, -1, 1, 1)
    return unscaled


def stretched(
    model: "LoadedModel", image: "Image.Image", size: tuple[int, int], method: str
) -> "torch.Tensor":
    """The picture's latents, interpolated to those of another size.

    `size` is (width, height) in pixels; `method` is torch's name for the filter.
    """
    import torch.nn.functional as F

    latents = encode_image(model, image)
    shape = size[1] // BLOCK, size[0] // BLOCK
    corners = None if method == "nearest" else False
    return F.interpolate(latents, shape, mode=method, align_corners=corners)


def latent_mask(mask: "Image.Image", latents: "torch.Tensor") -> "torch.Tensor":
    """A mask (255 = paint) as (1, 1, h/8, w/8) in [0, 1]: each place as its lightest pixel."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    levels = torch.from_numpy(np.array(mask.convert("L"))).float()[None, None] / 255
    return F.adaptive_max_pool2d(levels, latents.shape[-2:]).to(latents)


def to_image(pixels: "np.ndarray") -> "Image.Image":
    """(h, w, 3) floats in [0, 1] as an 8-bit picture; rounding is half to even, as in diffusers."""
    from PIL import Image

    return Image.fromarray((pixels * 255).round().astype("uint8"))


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
    freed_at = 1 - (step + 1) / len(timesteps) if kept.soft else 0.5
    painted = (kept.mask >= freed_at) & (kept.mask > 0)
    return torch.where(painted, latents, original.to(latents))
