"""Rules for the configs of Qwen-Image's networks, compared with their weights."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from medialab.files.part_configs import (
    Count,
    Layers,
    Levels,
    Number,
    PartConfig,
    Shapes,
    as_many,
    same,
)

_Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
# Prefixes of a language model's weights: alone, beside a vision model, and as both have been named.
_PREFIXES = ("", "model.", "language_model.", "model.language_model.", "language_model.model.")


class TransformerConfig(PartConfig):
    """The config of diffusers' QwenImageTransformer2DModel."""

    patch_size: Count
    in_channels: Count
    out_channels: Count
    num_layers: Layers
    attention_head_dim: Count
    num_attention_heads: Count
    joint_attention_dim: Count
    axes_dims_rope: list[Count]
    zero_cond_t: bool = False
    # The denoiser of Qwen-Image-Layered has both, and draws several pictures at once.
    use_additional_t_cond: Literal[False] = False
    use_layer3d_rope: Literal[False] = False

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        width = self.num_attention_heads * self.attention_head_dim
        same("in_channels", shapes, "img_in.weight", (width, self.in_channels))
        same("joint_attention_dim", shapes, "txt_in.weight", (width, self.joint_attention_dim))
        as_many("num_layers", shapes, "transformer_blocks.", self.num_layers)


class NormalisedVAEConfig(PartConfig):
    """The settings of the VAEs for videos that tell the spread of their latents' channels."""

    base_dim: Count
    z_dim: Count
    dim_mult: Levels
    num_res_blocks: Layers
    temperal_downsample: list[bool]
    latents_mean: list[_Real]
    latents_std: list[Number]

    @model_validator(mode="after")
    def _has_all_channels(self) -> "NormalisedVAEConfig":
        if not len(self.latents_mean) == len(self.latents_std) == self.z_dim:
            message = f"latents_mean and latents_std must have z_dim = {self.z_dim} numbers"
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        same("base_dim", shapes, "encoder.conv_in.weight", (self.base_dim,))
        same("z_dim", shapes, "post_quant_conv.weight", (self.z_dim, self.z_dim))


class FrameVAEConfig(NormalisedVAEConfig):
    """The config of diffusers' AutoencoderKLQwenImage."""

    @model_validator(mode="after")
    def _has_all_levels(self) -> "FrameVAEConfig":
        if len(self.temperal_downsample) != len(self.dim_mult) - 1:
            message = "temperal_downsample must have one item less than dim_mult"
            raise ValueError(message)
        return self


class _LanguageModel(PartConfig):
    """The settings of the language model that a vision-language model has."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    num_key_value_heads: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    rms_norm_eps: Number


class VisionLanguageConfig(PartConfig):
    """The config of transformers' vision-language models of Qwen.

    Older configs have the language model's settings beside the others, not in `text_config`.
    """

    text_config: _LanguageModel

    @model_validator(mode="before")
    @classmethod
    def _with_text_config(cls, config: Mapping[str, Any]) -> Mapping[str, Any]:
        return config if config.get("text_config") else {**config, "text_config": dict(config)}

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        text = self.text_config
        vocabulary = (text.vocab_size, text.hidden_size)
        for prefix in _PREFIXES:
            name = f"{prefix}embed_tokens.weight"
            same("vocab_size and hidden_size", shapes, name, vocabulary)
            as_many("num_hidden_layers", shapes, f"{prefix}layers.", text.num_hidden_layers)
