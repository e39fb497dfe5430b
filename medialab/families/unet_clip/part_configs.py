"""Schemas of the configs of a UNet, a ControlNet, a CLIP text encoder and its tokenizer."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, model_validator

from medialab.errors import ModelRefusedError
from medialab.files.folder_parts import TokenizerPart
from medialab.files.opening import check_file
from medialab.files.part_configs import (
    LARGEST_TOKENIZER,
    Blocks,
    Count,
    Layers,
    Levels,
    Number,
    PartConfig,
    Shapes,
    Word,
    as_many,
    checked,
    damaged,
    read_json,
    same,
)
from medialab.files.vae_configs import ConvolutionalConfig

# The most special tokens in a vocabulary, besides bytes (twice) and merges.
_SPECIAL_TOKENS = 64


class UNetConfig(ConvolutionalConfig):
    """The config of diffusers' UNet2DConditionModel."""

    cross_attention_dim: Count | list[Count]
    attention_head_dim: Count | list[Count]
    sample_size: Count | list[Count]
    flip_sin_to_cos: StrictBool
    freq_shift: Annotated[int, Field(strict=True, ge=0, le=1)]
    norm_eps: Number
    transformer_layers_per_block: Layers | list[Layers | list[Layers]] = 1


class ControlNetConfig(PartConfig):
    """The config of diffusers' ControlNetModel and related classes."""

    in_channels: Count
    block_out_channels: Levels
    down_block_types: Blocks
    layers_per_block: Layers
    cross_attention_dim: Count | list[Count]
    attention_head_dim: Count | list[Count]
    norm_num_groups: Count | None
    flip_sin_to_cos: StrictBool
    conditioning_embedding_out_channels: Levels
    transformer_layers_per_block: Layers | list[Layers] = 1

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        first = self.block_out_channels[0], self.in_channels
        same("block_out_channels and in_channels", shapes, "conv_in.weight", first)


class TextConfig(PartConfig):
    """The config of a CLIP text encoder."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    max_position_embeddings: Count
    hidden_act: Word
    layer_norm_eps: Number
    eos_token_id: Annotated[int, Field(strict=True, ge=0)]

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.hidden_size % self.num_attention_heads:
            message = (
                f"num_attention_heads {self.num_attention_heads} does not divide hidden_size "
                f"{self.hidden_size}"
            )
            raise ValueError(message)
        return self

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        same(
            "vocab_size and hidden_size",
            shapes,
            "embeddings.token_embedding.weight",
            (self.vocab_size, self.hidden_size),
        )
        same(
            "intermediate_size",
            shapes,
            "encoder.layers.0.mlp.fc1.weight",
            (self.intermediate_size, self.hidden_size),
        )
        for start in ("encoder.layers.", "text_model.encoder.layers."):
            as_many("num_hidden_layers", shapes, start, self.num_hidden_layers)
        same(
            "max_position_embeddings",
            shapes,
            "embeddings.position_embedding.weight",
            (self.max_position_embeddings, self.hidden_size),
        )


class TokenizerConfig(PartConfig):
    """The config of a CLIP tokenizer; all of its fields affect pictures."""

    model_max_length: Annotated[int, Field(strict=True, ge=3, le=100_000)]
    bos_token: str | dict[str, Any]
    eos_token: str | dict[str, Any]
    unk_token: str | dict[str, Any]
    pad_token: str | dict[str, Any]


def check_tokenizer(folder: Path, vocabulary: int | None = None) -> None:
    """Refuse a CLIP tokenizer's folder whose vocabulary is missing or incomplete.

    Args:
        folder: The tokenizer's folder.
        vocabulary: The size of the text encoder's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    path = folder / "tokenizer_config.json"
    checked(path, TokenizerConfig, read_json(path))
    words = folder / "tokenizer.json"
    if words.exists() or words.is_symlink():
        model = read_json(words, LARGEST_TOKENIZER).get("model")
        if not isinstance(model, dict) or not isinstance(model.get("merges"), list):
            raise damaged(words, "holds no vocabulary")
        vocab, merges = model.get("vocab"), len(model["merges"])
    else:
        words = folder / "vocab.json"
        if not words.exists() and not words.is_symlink():
            message = f"{folder.name}/tokenizer.json is missing; copy the model again"
            raise ModelRefusedError(message)
        vocab = read_json(words, LARGEST_TOKENIZER)
        lines = folder / "merges.txt"
        check_file(lines)
        merges = sum(
            1
            for line in lines.read_text("utf-8", "replace").splitlines()
            if line.strip() and not line.startswith("#version")
        )
    if not isinstance(vocab, dict) or not all(type(one) is int for one in vocab.values()):
        raise damaged(words, "holds no vocabulary")
    # Byte-level BPE: a token for each byte, each byte that ends a word, and each merge.
    if abs(len(vocab) - 2 * 256 - merges) > _SPECIAL_TOKENS:
        raise damaged(words, f"has {len(vocab)} words for {merges} merges: some are missing")
    if vocabulary is not None and not vocabulary - _SPECIAL_TOKENS <= len(vocab) <= vocabulary:
        message = f"has {len(vocab)} words, where the text encoder knows {vocabulary}"
        raise damaged(words, message)


def clip_tokenizer(encoder: str) -> TokenizerPart:
    """Return the requirements for the CLIP tokenizer of a text encoder."""
    return TokenizerPart(encoder, ("CLIPTokenizer", "CLIPTokenizerFast"), check_tokenizer)
