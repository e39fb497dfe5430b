"""A tiny Flux.2 Klein of diffusers' and transformers' own classes, its weights by chance."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from transformers import Qwen3Config, Qwen3ForCausalLM

from tests.tiny.z_image import make_tokenizer

_TEXT_WIDTH, _TEXT_LAYERS = 32, 4
LAYERS_READ = (1, 2, 3)  # of these: a quarter, a half and three quarters
_HEAD, _AXES = 8, (2, 2, 2, 2)  # a head is as wide as its four axes together
_LEVELS = (16, 16, 16, 16)  # three times halved: 8 pixels a latent, as the real one
HEADS = {"flux2-klein-4b": 24, "flux2-klein-9b": 32}  # of the published transformers
# The end of Qwen3's own template, where no thoughts are wanted.
_NO_THOUGHTS = (
    "{% if add_generation_prompt and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
)


def make_pipeline(
    family: str = "flux2-klein-4b", *, is_distilled: bool = True, text_width: int = _TEXT_WIDTH
) -> Flux2KleinPipeline:
    """Make a pipeline of a family; the same weights each time."""
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    tokenizer.chat_template += _NO_THOUGHTS
    transformer = Flux2Transformer2DModel(
        in_channels=128,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=_HEAD,
        num_attention_heads=HEADS[family],
        joint_attention_dim=3 * text_width,
        axes_dims_rope=_AXES,
        guidance_embeds=False,
    )
    text_encoder = Qwen3ForCausalLM(
        Qwen3Config(
            hidden_size=text_width,
            intermediate_size=2 * _TEXT_WIDTH,
            num_hidden_layers=_TEXT_LAYERS,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            vocab_size=len(tokenizer),
            max_position_embeddings=512,
        )
    )
    vae = AutoencoderKLFlux2(
        block_out_channels=_LEVELS,
        down_block_types=("DownEncoderBlock2D",) * len(_LEVELS),
        up_block_types=("UpDecoderBlock2D",) * len(_LEVELS),
        layers_per_block=1,
        latent_channels=32,
        norm_num_groups=8,
    )
    # Other statistics for each channel than a new layer's 0 and 1, so that a mix-up shows.
    vae.bn.running_mean.uniform_(-0.3, 0.3)
    vae.bn.running_var.uniform_(0.5, 2)
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        transformer=transformer.eval(),
        is_distilled=is_distilled,
    )


def write_klein(folder: Path, family: str = "flux2-klein-4b", *, is_distilled: bool = True) -> None:
    """Write a tiny Flux.2 Klein as a diffusers folder."""
    made = make_pipeline(family, is_distilled=is_distilled)
    made.save_pretrained(folder, safe_serialization=True)


class KleinByHand:
    """A Klein pipeline of diffusers called by hand, and its parts for a start from a picture.

    diffusers' own starts from noise alone.

    Args:
        pipeline: A Flux2KleinPipeline.
    """

    def __init__(self, pipeline: Flux2KleinPipeline) -> None:
        self.pipeline = pipeline
        self.image_processor = pipeline.image_processor
        self.scheduler = pipeline.scheduler
        self.set_progress_bar_config = pipeline.set_progress_bar_config
        self.num_timesteps = 0

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode pixels to latents (1, 128, h, w), scaled for the transformer."""
        return self.pipeline._encode_vae_image(pixels, generator=None)

    def __call__(
        self, *, prompt: str, negative_prompt: str = "", image: Any = None, **settings: Any
    ) -> Any:
        """Draw a picture from noise, or from a picture or its latents."""
        texts = {
            name: self.pipeline.encode_prompt(text, text_encoder_out_layers=LAYERS_READ)
            for name, text in (("prompt", prompt), ("negative_prompt", negative_prompt))
        }
        if image is not None:
            return self._redrawn(texts, image, **settings)
        embeds = {f"{name}_embeds": text[0] for name, text in texts.items()}
        return self.pipeline(**embeds, **settings)

    def _redrawn(
        self,
        texts: dict[str, Any],
        image: Any,
        *,
        strength: float,
        num_inference_steps: int,
        generator: torch.Generator,
        guidance_scale: float,
        callback_on_step_end: Any = None,
        **_size: int,
    ) -> Any:
        pipeline, steps = self.pipeline, num_inference_steps
        if not isinstance(image, torch.Tensor):
            image = self.encode(pipeline.image_processor.preprocess(image))
        rows, columns = image.shape[-2:]
        self.scheduler.set_timesteps(
            sigmas=np.linspace(1.0, 1 / steps, steps),
            mu=compute_empirical_mu(rows * columns, steps),
        )
        sigmas, skipped = self.scheduler.sigmas, int(steps - steps * strength)
        self.num_timesteps = steps - skipped
        noise = torch.randn(image.shape, generator=generator)
        ids = pipeline._prepare_latent_ids(image)
        tokens = pipeline._pack_latents(sigmas[skipped] * noise + (1 - sigmas[skipped]) * image)

        def predict(name: str, number: int) -> torch.Tensor:
            text, text_ids = texts[name]
            return pipeline.transformer(
                hidden_states=tokens,
                timestep=self.scheduler.timesteps[number].expand(1) / 1000,
                guidance=None,
                encoder_hidden_states=text,
                txt_ids=text_ids,
                img_ids=ids,
                return_dict=False,
            )[0]

        for number in range(skipped, steps):
            speed = predict("prompt", number)
            if guidance_scale > 1 and not pipeline.config.is_distilled:
                against = predict("negative_prompt", number)
                speed = against + guidance_scale * (speed - against)
            tokens = tokens + (sigmas[number + 1] - sigmas[number]) * speed
            if callback_on_step_end is not None:
                given = {"latents": tokens.transpose(1, 2).reshape(image.shape)}
                given = callback_on_step_end(self, number - skipped, None, given)
                tokens = pipeline._pack_latents(given["latents"])
        latents = tokens.transpose(1, 2).reshape(image.shape)
        deviation = torch.sqrt(pipeline.vae.bn.running_var + pipeline.vae.config.batch_norm_eps)
        mean = pipeline.vae.bn.running_mean
        latents = latents * deviation.view(1, -1, 1, 1) + mean.view(1, -1, 1, 1)
        pixels = pipeline.vae.decode(pipeline._unpatchify_latents(latents))[0]
        return SimpleNamespace(images=pipeline.image_processor.postprocess(pixels.detach()))
