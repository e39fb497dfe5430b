"""The components of Flux.2 Klein checkpoints, and the schemas of their configs."""

from typing import Annotated

from pydantic import Field, StrictBool

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig, LanguageModelConfig, qwen_tokenizer
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import Count, Layers, Number, PartConfig, Shapes, as_many, same
from medialab.files.vae_configs import Flux2VAEConfig


class TransformerConfig(PartConfig):
    """The config of diffusers' Flux2Transformer2DModel."""

    patch_size: Count
    in_channels: Count
    num_layers: Layers
    num_single_layers: Layers
    attention_head_dim: Count
    num_attention_heads: Count
    joint_attention_dim: Count
    mlp_ratio: Number
    axes_dims_rope: list[Count]
    rope_theta: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    guidance_embeds: StrictBool

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        width = self.num_attention_heads * self.attention_head_dim
        text, picture = (width, self.joint_attention_dim), (width, self.in_channels)
        same("joint_attention_dim", shapes, "context_embedder.weight", text)
        same("in_channels", shapes, "x_embedder.weight", picture)
        as_many("num_layers", shapes, "transformer_blocks.", self.num_layers)
        as_many("num_single_layers", shapes, "single_transformer_blocks.", self.num_single_layers)


class CausalConfig(LanguageModelConfig):
    """The config of transformers' Qwen3ForCausalLM."""

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        super().check_weights({name.removeprefix("model."): one for name, one in shapes.items()})


def opening_of(text_width: int) -> FlowOpening:
    """Return the loader of one size of Flux.2 Klein, whose text encoder has this width."""
    return FlowOpening(
        title="Flux.2 Klein",
        parts=FolderParts(
            networks={
                "transformer": {"Flux2Transformer2DModel": TransformerConfig},
                "vae": {"AutoencoderKLFlux2": Flux2VAEConfig},
                "text_encoder": {"Qwen3ForCausalLM": CausalConfig},
            },
            tokenizers={"tokenizer": qwen_tokenizer("text_encoder")},
            required=("transformer", "vae", "text_encoder"),
            scheduler=FlowConfig,
        ),
        files=FlowFiles(
            denoiser=("transformer", "Flux2Transformer2DModel"),
            # It reads hidden states alone, which files without the head have, too.
            encoders={"text_encoder": EncoderFile("qwen3", text_width, "Qwen3Model")},
            tokenizers={"tokenizer": ("Qwen2Tokenizer", "qwen3-tokenizer")},
            vae="AutoencoderKLFlux2",
        ),
    )
