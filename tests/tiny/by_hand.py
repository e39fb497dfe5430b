"""The same pictures by diffusers' own calls, for each family of flow matching: a line a family."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    ChromaImg2ImgPipeline,
    DiffusionPipeline,
    QwenImageImg2ImgPipeline,
)
from PIL import Image

from medialab.families.qwen_image.processor import load_processor
from medialab.families.qwen_image21.pipeline import QwenImage21Img2ImgPipeline
from tests.tiny import qwen_image21
from tests.tiny.flux2_klein import KleinByHand
from tests.tiny.t5_clip import without_old_places


def encode_scaled(pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Encode pixels with an AutoencoderKL whose config has a shift and a scale."""
    config = pipeline.vae.config
    mode = pipeline.vae.encode(pixels).latent_dist.mode()
    return (mode - config.shift_factor) * config.scaling_factor


def decode_scaled(pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
    """Decode latents with an AutoencoderKL whose config has a shift and a scale."""
    config = pipeline.vae.config
    return pipeline.vae.decode(latents / config.scaling_factor + config.shift_factor)[0]


def open_folder(folder: Path) -> Any:
    """Open a checkpoint's folder with diffusers."""
    return DiffusionPipeline.from_pretrained(folder, local_files_only=True)


def open_qwen21(folder: Path) -> Any:
    """Make the pipeline that is written there; diffusers needs torchvision to open it."""
    return qwen_image21.make_pipeline(load_processor(folder / "processor", "Qwen3VLProcessor"))


def start_qwen21_from_pictures(pipeline: Any) -> Any:
    """Return our own pipeline, since diffusers has none; its latents are read as a picture's."""
    return QwenImage21Img2ImgPipeline(**pipeline.components)


def told_qwen(scale: float, negative: str) -> dict[str, Any]:
    """Return the arguments: at a scale of 1 the pipelines warn of a negative prompt."""
    return {"true_cfg_scale": scale, "negative_prompt": negative if scale > 1 else None}


def _spread(pipeline: Any) -> tuple[torch.Tensor, torch.Tensor]:
    config = pipeline.vae.config
    mean, deviation = (torch.tensor(config[f"latents_{one}"]) for one in ("mean", "std"))
    return mean.view(1, -1, 1, 1, 1), deviation.view(1, -1, 1, 1, 1)


def encode_frame(pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Encode pixels with a VAE for videos; one that reads alpha is told that all is opaque."""
    mean, deviation = _spread(pipeline)
    if pipeline.vae.config.get("in_channels") == 4:
        pixels = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
        mode = pipeline.vae.encode(pixels[:, :, None]).latent_dist.mode()
        return ((mode - mean) / deviation)[:, :, 0]
    mode = pipeline.vae.encode(pixels[:, :, None]).latent_dist.mode()
    return ((mode - mean) * (1.0 / deviation))[:, :, 0]


def unpack_qwen(pipeline: Any, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return packed latents as (1, c, h, w)."""
    width, height = size
    scale = pipeline.vae_scale_factor
    return pipeline._unpack_latents(latents, height, width, scale)[:, :, 0]


def pack_qwen(pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
    """Return latents (1, c, h, w) packed."""
    return pipeline._pack_latents(latents, 1, *latents.shape[1:])


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one family's pipelines of diffusers are called.

    Attributes:
        told: Returns the arguments for our guidance_scale and negative prompt.
        opens: Opens a checkpoint's folder.
        draws: Returns the pipeline of text to image, for that of the folder.
        redraws: Returns the pipeline that starts from a picture, for that of text to image.
        encode: Encodes pixels to latents (1, c, h, w), scaled for the denoiser.
        decode: The other way.
        unpacked: Returns latents of the pipeline's callback as (1, c, h, w), by pipeline, latents,
            and width and height in pixels.
        packed: The other way, by pipeline and latents.
        changes: The settings of a config that the family's tiny checkpoint needs.
    """

    told: Callable[[float, str], dict[str, Any]]
    opens: Callable[[Path], Any] = open_folder
    draws: Callable[[Any], Any] = lambda pipeline: pipeline
    redraws: Callable[[Any], Any] = AutoPipelineForImage2Image.from_pipe
    encode: Callable[[Any, torch.Tensor], torch.Tensor] = encode_scaled
    decode: Callable[[Any, torch.Tensor], torch.Tensor] = decode_scaled
    unpacked: Callable[[Any, torch.Tensor, tuple[int, int]], torch.Tensor] = lambda _, x, __: x
    packed: Callable[[Any, torch.Tensor], torch.Tensor] = lambda _, x: x


def _unpack_squares(pipeline: Any, tokens: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return a pipeline's tokens of 2 × 2 latents as latents."""
    width, height = size
    return pipeline._unpack_latents(tokens, height, width, pipeline.vae_scale_factor)


def _pack_squares(pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
    return pipeline._pack_latents(latents, *latents.shape)


KLEIN = Line(
    told=lambda scale, negative: {"guidance_scale": scale, "negative_prompt": negative},
    draws=KleinByHand,
    redraws=lambda draws: draws,
    encode=lambda draws, pixels: draws.encode(pixels),
)
# The families that draw by flow matching; tests/families/test_by_hand.py runs each.
BY_HAND: dict[str, Line] = {
    "flux2-klein-4b": KLEIN,
    "flux2-klein-9b": KLEIN,
    # Its scale is 1 less than ours, and 0 is without guidance.
    "z-image": Line(
        told=lambda scale, negative: {"guidance_scale": scale - 1, "negative_prompt": negative}
    ),
    "sd3": Line(
        told=lambda scale, negative: {"guidance_scale": scale, "negative_prompt": negative}
    ),
    "chroma": Line(
        told=lambda scale, negative: {"guidance_scale": scale, "negative_prompt": negative},
        redraws=lambda pipeline: ChromaImg2ImgPipeline(**pipeline.components),
        unpacked=_unpack_squares,
        packed=_pack_squares,
    ),
    "flux": Line(
        told=lambda scale, negative: {
            "true_cfg_scale": scale,
            "guidance_scale": 3.5,
            "negative_prompt": negative,
        },
        unpacked=_unpack_squares,
        packed=_pack_squares,
    ),
    "qwen-image": Line(
        told=told_qwen,
        redraws=lambda pipeline: QwenImageImg2ImgPipeline(**pipeline.components),
        encode=encode_frame,
        unpacked=unpack_qwen,
        packed=pack_qwen,
    ),
    "qwen-image-2.1": Line(
        told=told_qwen,
        opens=open_qwen21,
        redraws=start_qwen21_from_pictures,
        encode=encode_frame,
        unpacked=unpack_qwen,
        packed=pack_qwen,
    ),
}


class ByHand:
    """The pipelines of one checkpoint's folder, called as their documentation says.

    Args:
        folder: The checkpoint's folder.
        line: The family's.
        channels: The channels of its latents.
    """

    def __init__(self, folder: Path, line: Line, channels: int) -> None:
        self.line = line
        with without_old_places():
            self.draws = line.opens(folder)
        # As checkpoints are laid out on a CPU: it is faster, and rounds otherwise.
        for part in (self.draws.vae, self.draws.transformer):
            if all(weight.ndim <= 4 for weight in part.parameters()):
                part.to(memory_format=torch.channels_last)
        self.network = self.draws.transformer
        self.draws = line.draws(self.draws)
        self.redraws = line.redraws(self.draws)
        # diffusers takes a tensor of so many channels for latents, not for a picture.
        self.redraws.image_processor.register_to_config(vae_latent_channels=channels)
        for pipeline in (self.draws, self.redraws):
            pipeline.set_progress_bar_config(disable=True)

    def draw(
        self,
        prompt: str,
        *,
        size: tuple[int, int] = (64, 64),
        steps: int = 2,
        seed: int = 3,
        scale: float = 2.0,
        negative: str = "",
        **more: Any,
    ) -> Image.Image:
        """Draw a picture from a prompt."""
        return self._called(self.draws, prompt, size, steps, seed, scale, negative, **more)

    def redraw(
        self,
        prompt: str,
        image: Any,
        strength: float,
        *,
        size: tuple[int, int] = (64, 64),
        steps: int = 2,
        seed: int = 3,
        scale: float = 2.0,
        negative: str = "",
        **more: Any,
    ) -> Image.Image:
        """Draw a picture again from a picture, or from its latents."""
        more |= {"image": image, "strength": strength}
        return self._called(self.redraws, prompt, size, steps, seed, scale, negative, **more)

    def repaint(
        self, prompt: str, image: Image.Image, mask: Image.Image, strength: float, **settings: Any
    ) -> Image.Image:
        """Draw the masked part of a picture again; the rest is put back after each step."""
        start = self.encoded(image)
        paints = torch.from_numpy(np.array(mask)).float()[None, None] / 255
        paints = torch.nn.functional.adaptive_max_pool2d(paints, start.shape[-2:]) >= 0.5
        noise = torch.randn(
            start.shape, generator=torch.Generator("cpu").manual_seed(settings.get("seed", 3))
        )

        def keep(pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> Any:
            sigmas = pipeline.scheduler.sigmas
            sigma = sigmas[len(sigmas) - pipeline.num_timesteps + step]
            kept = sigma * noise + (1 - sigma) * start
            latents = self.line.unpacked(pipeline, tensors["latents"], image.size)
            latents = torch.where(paints, latents, kept)
            return {"latents": self.line.packed(pipeline, latents)}

        again = self.redraw(
            prompt, start, strength, size=image.size, callback_on_step_end=keep, **settings
        )
        return Image.composite(again, image, mask)

    @torch.inference_mode()
    def encoded(self, image: Image.Image) -> torch.Tensor:
        """Encode a picture to latents (1, c, h, w), scaled for the denoiser."""
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 127.5 - 1
        return self.line.encode(self.draws, pixels)

    @torch.inference_mode()
    def _called(
        self,
        pipeline: Any,
        prompt: str,
        size: tuple[int, int],
        steps: int,
        seed: int,
        scale: float,
        negative: str,
        **more: Any,
    ) -> Image.Image:
        return (
            pipeline(
                prompt=prompt,
                width=size[0],
                height=size[1],
                num_inference_steps=steps,
                generator=torch.Generator("cpu").manual_seed(seed),
                **self.line.told(scale, negative),
                **more,
            )
            .images[0]
            .convert("RGB")
        )
