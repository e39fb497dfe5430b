"""A pipeline of Flux.2 Klein that starts from noise or a picture and reads reference pictures.

diffusers' own pipeline starts from noise only. What it draws too, this one draws bit for bit.

Imported only where a pipeline is made, since it loads torch.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from diffusers import Flux2KleinPipeline
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu, retrieve_timesteps
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from medialab.families.flux2_klein.codec import scaled
from medialab.families.flux2_klein.editing import fitted


class KleinPipeline(Flux2KleinPipeline):  # type: ignore[misc]
    """A pipeline for text to image, image to image and editing, one picture at a time.

    Source: diffusers, Flux2KleinPipeline.
    """

    _callback_tensor_inputs = ("latents",)

    @torch.no_grad()
    def __call__(  # noqa: PLR0913 - the arguments of diffusers' pipelines
        self,
        *,
        prompt_embeds: torch.Tensor,
        negative_prompt_embeds: torch.Tensor,
        guidance_scale: float,
        num_inference_steps: int,
        generator: torch.Generator,
        callback_on_step_end: Callable[..., dict[str, Any]],
        callback_on_step_end_tensor_inputs: Sequence[str],  # noqa: ARG002 - only the latents
        width: int | None = None,
        height: int | None = None,
        image: "Image.Image | torch.Tensor | None" = None,
        strength: float = 1.0,  # noqa: ARG002 - as `FlowNoise.strength` says
        references: "Sequence[Image.Image]" = (),
        latents: torch.Tensor | None = None,
        output_type: str = "latent",  # noqa: ARG002 - as of diffusers' pipelines
    ) -> Any:
        """Return an output whose `images` are latents (1, 128, h, w), scaled for the transformer.

        Args:
            prompt_embeds: (1, tokens, width), the prompt's.
            negative_prompt_embeds: The same, the negative prompt's.
            guidance_scale: 1 follows the prompt alone, as any does with a distilled transformer.
            num_inference_steps: The steps of the whole schedule.
            generator: Draws the noise, on the CPU.
            callback_on_step_end: Called after each step, as diffusers' pipelines do.
            callback_on_step_end_tensor_inputs: Only "latents", in the shape of the result.
            width: In pixels, whole blocks; without a picture.
            height: In pixels, whole blocks.
            image: A picture to start from, in whole blocks, or its latents (1, 128, h, w).
            strength: Only 1: the scheduler itself leaves out the steps that are not run.
            references: Pictures that the transformer reads beside the prompt.
            latents: The first noise (1, 128, h, w); by default it is drawn.
            output_type: Only "latent".
        """
        from diffusers.pipelines.flux2.pipeline_output import Flux2PipelineOutput

        self._guidance_scale, self._attention_kwargs = guidance_scale, None
        device, dtype = self._execution_device, prompt_embeds.dtype
        start = self._start(image, device, dtype)
        shape = self._shape(width, height) if start is None else tuple(start.shape)
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        first = latents.to(device=device, dtype=dtype)
        ids = self._prepare_latent_ids(first).to(device)
        tokens = self._pack_latents(first)
        read = tokens[:, :0], ids[:, :0]
        if references:
            read = self._references(references, generator, device)
        every_id = torch.cat([ids, read[1]], dim=1)
        timesteps = self._timesteps(num_inference_steps, ids.shape[1], device)
        if start is not None:
            noisy = self.scheduler.scale_noise(start, timesteps[:1], first)
            tokens = self._pack_latents(noisy)
        self._num_timesteps = len(timesteps)
        for number, time in enumerate(timesteps):
            seen = torch.cat([tokens, read[0]], dim=1)

            def predict(text: torch.Tensor, cached: str, seen: Any = seen, time: Any = time) -> Any:
                with self.transformer.cache_context(cached):
                    found = self.transformer(
                        hidden_states=seen.to(self.transformer.dtype),
                        timestep=time.expand(1).to(dtype) / 1000,
                        guidance=None,
                        encoder_hidden_states=text,
                        txt_ids=self._prepare_text_ids(text).to(device),
                        img_ids=every_id,
                        return_dict=False,
                    )[0]
                return found[:, : ids.shape[1]]

            predicted = predict(prompt_embeds, "cond")
            if self.do_classifier_free_guidance:
                against = predict(negative_prompt_embeds, "uncond")
                predicted = against + guidance_scale * (predicted - against)
            tokens = self.scheduler.step(predicted, time, tokens, return_dict=False)[0]
            latents = _grid(tokens, shape)
            back = callback_on_step_end(self, number, time, {"latents": latents})
            tokens = self._pack_latents(back.pop("latents", latents))
        self.maybe_free_model_hooks()
        return Flux2PipelineOutput(images=_grid(tokens, shape))

    def _shape(self, width: int | None, height: int | None) -> tuple[int, ...]:
        """Return the shape of the latents of a picture of that size in pixels."""
        block = 2 * self.vae_scale_factor
        if width is None or height is None:
            message = "width and height are missing, and there is no picture to take them from"
            raise ValueError(message)
        return 1, int(self.transformer.config.in_channels), height // block, width // block

    def _start(self, image: Any, device: Any, dtype: torch.dtype) -> torch.Tensor | None:
        """Return the latents of the picture to start from, if there is one."""
        if image is None or isinstance(image, torch.Tensor):
            return image if image is None else image.to(device=device, dtype=dtype)
        pixels = self.image_processor.preprocess(image)
        return self._of_pixels(pixels).to(device=device, dtype=dtype)

    def _of_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        latents = self.vae.encode(pixels.to(self.vae.device, self.vae.dtype)).latent_dist.mode()
        return scaled(self.vae, latents)

    def _references(
        self, pictures: "Sequence[Image.Image]", generator: Any, device: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the tokens of reference pictures, and their positions; each has its own time."""
        pixels = []
        for picture in map(fitted, pictures):
            width, height = picture.size
            pixels.append(self.image_processor.preprocess(picture, height=height, width=width))
        tokens, ids = self.prepare_image_latents(
            images=pixels, batch_size=1, generator=generator, device=device, dtype=self.vae.dtype
        )
        return tokens, ids

    def _timesteps(self, steps: int, tokens: int, device: Any) -> torch.Tensor:
        """Return the timesteps of the whole schedule, shifted by the number of tokens drawn."""
        sigmas = np.linspace(1.0, 1 / steps, steps)
        own = getattr(self.scheduler.config, "use_flow_sigmas", False)
        timesteps: torch.Tensor = retrieve_timesteps(
            self.scheduler,
            steps,
            device,
            sigmas=None if own else sigmas,
            mu=compute_empirical_mu(image_seq_len=tokens, num_steps=steps),
        )[0]
        self.scheduler.set_begin_index(0)
        return timesteps


def _grid(tokens: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Return tokens (1, h · w, c) as latents of a shape (1, c, h, w)."""
    return tokens.transpose(1, 2).reshape(shape)
