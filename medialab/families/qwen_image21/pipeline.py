"""Pipelines of Qwen-Image 2.1 with the steps that are set, from noise or from a picture.

Imported only where a pipeline is made, since it loads torch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import torch
from diffusers import QwenImage21Pipeline
from diffusers.pipelines.qwenimage21.pipeline_qwenimage21 import calculate_shift, retrieve_timesteps
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image


class QwenImage21StepsPipeline(QwenImage21Pipeline):  # type: ignore[misc]
    """diffusers' pipeline, but a folder's own noise levels count only for as many steps."""

    def __call__(self, *, num_inference_steps: int, width: int, height: int, **inputs: Any) -> Any:
        """Return the output of diffusers' pipeline, which takes the same arguments.

        Args:
            num_inference_steps: The steps that are set.
            width: In pixels.
            height: In pixels.
            inputs: Further arguments of diffusers' pipeline.
        """
        return super().__call__(
            num_inference_steps=num_inference_steps,
            sigmas=self._levels(num_inference_steps),
            width=width,
            height=height,
            **inputs,
        )

    def _levels(self, steps: int) -> Any:
        """Return the noise levels before the shift: the folder's own ones, or even ones."""
        own = self.config.sample_sigmas
        return own if own and len(own) == steps else np.linspace(1.0, 1 / steps, steps)


class QwenImage21Img2ImgPipeline(QwenImage21StepsPipeline):
    """Image to image, one picture at a time: diffusers' own steps from a later one on.

    diffusers has no such pipeline. Source of the noise and of the strength: its
    QwenImageImg2ImgPipeline.
    """

    @torch.no_grad()
    def __call__(  # type: ignore[override]
        self,
        *,
        image: "Image.Image | torch.Tensor",
        strength: float,
        width: int,
        height: int,
        num_inference_steps: int,
        generator: torch.Generator,
        **inputs: Any,
    ) -> Any:
        """Return the output of diffusers' pipeline.

        Args:
            image: The picture, in whole blocks, or its latents (1, 64, h, w).
            strength: The share of the schedule that is run, 0 to 1.
            width: In pixels.
            height: In pixels.
            num_inference_steps: The steps of the whole schedule.
            generator: Draws the noise, on the CPU.
            inputs: Further arguments of diffusers' pipeline.
        """
        like = {"device": self._execution_device, "dtype": self.text_encoder.dtype}
        start = self._latents_of(image).to(**like).transpose(1, 2)
        noise = randn_tensor(start.shape, generator=generator, **like)
        timesteps = self._whole_schedule(num_inference_steps, start.shape[-2] * start.shape[-1])
        run = min(num_inference_steps * strength, num_inference_steps)
        first = int(max(num_inference_steps - run, 0)) * self.scheduler.order
        self.scheduler.set_begin_index(first)
        noised = self.scheduler.scale_noise(start, timesteps[first : first + 1], noise)
        with _beginning_at(self.scheduler, first):
            return super().__call__(
                latents=noised.flatten(3)[:, 0].transpose(1, 2),
                width=width,
                height=height,
                num_inference_steps=num_inference_steps,
                generator=generator,
                **inputs,
            )

    def _latents_of(self, image: "Image.Image | torch.Tensor") -> torch.Tensor:
        """Return the latents (1, 64, 1, h, w) of a picture, which is opaque, or those given."""
        if isinstance(image, torch.Tensor):
            return image[:, :, None]
        pixels = self.image_processor.preprocess(image.convert("RGBA"))[:, :, None]
        latents: torch.Tensor = self._encode_vae_image(
            pixels.to(self.vae.device, self.vae.dtype), None
        )
        return latents

    def _whole_schedule(self, steps: int, tokens: int) -> torch.Tensor:
        """Return all timesteps as diffusers' pipeline sets them for that many tokens."""
        config = self.scheduler.config
        names = ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")
        own = [config.get(name, usual) for name, usual in zip(names, _USUAL, strict=True)]
        timesteps: torch.Tensor = retrieve_timesteps(
            self.scheduler,
            steps,
            self._execution_device,
            sigmas=self._levels(steps),
            mu=calculate_shift(tokens, *own),
        )[0]
        return timesteps


# Of the shift, if the scheduler's config lacks it: as in diffusers' pipeline.
_USUAL = (256, 4096, 0.5, 1.15)


@contextmanager
def _beginning_at(scheduler: Any, first: int) -> Iterator[None]:
    """Let a scheduler leave out its first timesteps whenever it is set inside the `with` block."""
    plain, begin = scheduler.set_timesteps, scheduler.set_begin_index

    @wraps(plain)  # with its signature, which diffusers reads
    def later(*args: Any, **settings: Any) -> None:
        plain(*args, **settings)
        scheduler.timesteps = scheduler.timesteps[first:]

    scheduler.set_timesteps = later
    scheduler.set_begin_index = lambda index=0: begin(first + index)
    try:
        yield
    finally:
        del scheduler.set_timesteps, scheduler.set_begin_index
