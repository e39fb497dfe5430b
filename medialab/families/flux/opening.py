"""The components of Flux.1 checkpoints."""

from collections.abc import Mapping
from typing import Any

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.original_names import as_in_diffusers
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.families.t5_clip.part_configs import (
    PackedTransformerConfig,
    T5Config,
    t5_tokenizer,
)
from medialab.families.unet_clip.part_configs import TextConfig, clip_tokenizer
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import Count, Shapes
from medialab.files.vae_configs import VAEConfig


class FluxTransformerConfig(PackedTransformerConfig):
    """The config of diffusers' FluxTransformer2DModel."""

    pooled_projection_dim: Count
    guidance_embeds: bool

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        super().check_weights(shapes)
        is_told = any("guidance_embedder" in name for name in shapes)
        if is_told != self.guidance_embeds:
            message = f"guidance_embeds = {self.guidance_embeds}, where the weights have it" + (
                "" if is_told else " not"
            )
            raise ValueError(message)


def _told(shapes: Shapes) -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of schnell, which is told no guidance and draws without a shift."""
    if any("guidance_in." in name or "guidance_embedder." in name for name in shapes):
        return {}
    return {
        "transformer": {"guidance_embeds": False},
        "scheduler": {"use_dynamic_shifting": False, "shift": 1.0},
    }


# Its file may have the projection that Stable Diffusion 3 reads.
CLIP_L = EncoderFile("clip-l", 768, "CLIPTextModel", left_out=("text_projection.weight",))
OPENING = FlowOpening(
    title="Flux.1",
    parts=FolderParts(
        networks={
            "transformer": {"FluxTransformer2DModel": FluxTransformerConfig},
            "vae": {"AutoencoderKL": VAEConfig},
            "text_encoder": {"CLIPTextModel": TextConfig},
            "text_encoder_2": {"T5EncoderModel": T5Config},
        },
        # T5's comes first: a prompt's tokens are counted by it.
        tokenizers={
            "tokenizer_2": t5_tokenizer("text_encoder_2"),
            "tokenizer": clip_tokenizer("text_encoder"),
        },
        required=("transformer", "vae", "text_encoder", "text_encoder_2"),
        scheduler=FlowConfig,
        made_for_others={
            "FluxFill": "filling a masked part",
            "FluxControl": "following a control picture",
            "FluxPriorRedux": "varying a picture",
        },
    ),
    files=FlowFiles(
        denoiser=("transformer", "FluxTransformer2DModel"),
        encoders={
            "text_encoder": CLIP_L,
            "text_encoder_2": EncoderFile("t5", 4096, "T5EncoderModel"),
        },
        tokenizers={
            "tokenizer": ("CLIPTokenizer", "clip-tokenizer"),
            "tokenizer_2": ("T5Tokenizer", "t5-tokenizer"),
        },
        told=_told,
        convert=as_in_diffusers,
    ),
    controlnet_class="FluxControlNetModel",
)
