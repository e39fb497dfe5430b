"""Rules for the config of a VAE's folder, and of any convolutional network with levels."""

import math
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from medialab.files.part_configs import (
    Blocks,
    Count,
    Layers,
    Levels,
    Number,
    PartConfig,
    Shapes,
    Word,
    as_many,
    is_since,
    same,
)


class ConvolutionalConfig(PartConfig):
    """Settings that networks of convolutions in levels share."""

    in_channels: Count
    out_channels: Count
    block_out_channels: Levels
    down_block_types: Blocks
    up_block_types: Blocks
    layers_per_block: Layers | list[Layers]
    act_fn: Word
    norm_num_groups: Count | None

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        levels = len(self.block_out_channels)
        if not levels == len(self.down_block_types) == len(self.up_block_types):
            message = "block_out_channels, down_block_types and up_block_types differ in length"
            raise ValueError(message)
        odd = [
            width
            for width in self.block_out_channels
            if self.norm_num_groups is not None and width % self.norm_num_groups
        ]
        if odd:
            message = f"norm_num_groups {self.norm_num_groups} does not divide {odd[0]} channels"
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Check the sizes against the weights, and raise ValueError if they differ."""
        same("block_out_channels and in_channels", shapes, "conv_in.weight", self._first())
        self._check_counts(shapes, "down_blocks.")

    def _check_counts(self, shapes: Shapes, start: str) -> None:
        """Check the numbers of levels, and of layers in the first one, against the weights."""
        as_many("levels", shapes, start, len(self.block_out_channels))
        layers = self.layers_per_block
        each = layers[0] if isinstance(layers, list) else layers
        as_many("layers_per_block", shapes, f"{start}0.resnets.", each)

    def _first(self) -> tuple[int, ...]:
        return self.block_out_channels[0], self.in_channels


class VAEConfig(ConvolutionalConfig):
    """The config of diffusers' AutoencoderKL."""

    latent_channels: Count
    sample_size: Count | list[Count]
    scaling_factor: Number | None = None
    written_by: str | None = Field(None, alias="_diffusers_version")

    @model_validator(mode="after")
    def _tells_its_scale(self) -> Self:
        if self.scaling_factor is None and is_since(self, 13):
            message = "scaling_factor must be there"
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Check the sizes against the weights, and raise ValueError if they differ."""
        same("block_out_channels and in_channels", shapes, "encoder.conv_in.weight", self._first())
        self._check_counts(shapes, "encoder.down_blocks.")
        last = self.block_out_channels[-1], self.latent_channels
        same("latent_channels", shapes, "decoder.conv_in.weight", last)


class Flux2VAEConfig(VAEConfig):
    """The config of diffusers' AutoencoderKLFlux2; its weights hold the latents' statistics."""

    batch_norm_eps: Number
    patch_size: list[Count]

    @model_validator(mode="after")
    def _tells_its_scale(self) -> Self:
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Check the sizes against the weights, and raise ValueError if they differ."""
        super().check_weights(shapes)
        channels = math.prod(self.patch_size) * self.latent_channels
        same("patch_size and latent_channels", shapes, "bn.running_mean", (channels,))


class TinyVAEConfig(PartConfig):
    """The config of diffusers' AutoencoderTiny."""

    in_channels: Count
    out_channels: Count
    latent_channels: Count
    encoder_block_out_channels: Levels
    decoder_block_out_channels: Levels
    num_encoder_blocks: list[Layers]
    num_decoder_blocks: list[Layers]
    scaling_factor: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Check the sizes against the weights, and raise ValueError if they differ."""
        first = self.encoder_block_out_channels[0], self.in_channels
        same("encoder_block_out_channels", shapes, "encoder.layers.0.weight", first)


# The classes of VAEs that are supported -> the rules for their configs.
VAE_CONFIGS: Mapping[str, type[PartConfig]] = {
    "AutoencoderKL": VAEConfig,
    "AutoencoderKLFlux2": Flux2VAEConfig,
    "AutoencoderTiny": TinyVAEConfig,
}

_LEVELS = {
    "AutoencoderKL": "block_out_channels",
    "AutoencoderKLFlux2": "block_out_channels",
    "AutoencoderTiny": "encoder_block_out_channels",
}


def levels_of(config: Mapping[str, Any]) -> object:
    """Return the setting of a VAE with one item per level; all levels but one halve the size."""
    return config.get(_LEVELS[str(config.get("_class_name"))])
