"""Rules for the configs of Qwen-Image 2.1's networks, compared with their weights."""

from typing import Literal

from medialab.families.qwen_image.part_configs import NormalisedVAEConfig
from medialab.files.part_configs import Count, Layers, PartConfig, Shapes, as_many, same


class TransformerConfig(PartConfig):
    """The config of diffusers' QwenImage21Transformer2DModel."""

    patch_size: Literal[1]  # the pipeline makes no patches
    in_channels: Count
    out_channels: Count
    num_layers: Layers
    attention_head_dim: Count
    num_attention_heads: Count
    context_in_dim: Count
    mlp_ratio: Count
    axes_dims_rope: list[Count]
    causal_condition: bool

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        width = self.num_attention_heads * self.attention_head_dim
        same("in_channels", shapes, "img_in.weight", (width, self.in_channels))
        same("context_in_dim", shapes, "txt_in.text_norm.weight", (self.context_in_dim,))
        as_many("num_layers", shapes, "transformer_blocks.", self.num_layers)


class AlphaVAEConfig(NormalisedVAEConfig):
    """The config of diffusers' AutoencoderKLQwenImage21."""

    in_channels: Literal[4]  # colours and alpha
    out_channels: Literal[4]
    scale_factor_spatial: Literal[16]
