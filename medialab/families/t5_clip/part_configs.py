"""Schemas of the configs of T5, its tokenizer and the transformers that read it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from medialab.families.t5_clip.counting import T5_MODEL
from medialab.files.folder_parts import TokenizerPart
from medialab.files.part_configs import (
    LARGEST_TOKENIZER,
    Count,
    Layers,
    Number,
    PartConfig,
    Shapes,
    Word,
    as_many,
    damaged,
    read_json,
    same,
)

_SPARE_TOKENS = 1024  # at the end of T5's vocabulary, whose size is rounded up


class T5Config(PartConfig):
    """The config of transformers' T5EncoderModel."""

    d_model: Count
    d_kv: Count
    d_ff: Count
    num_layers: Layers
    num_heads: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    relative_attention_num_buckets: Count
    feed_forward_proj: Word
    layer_norm_epsilon: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        vocabulary = (self.vocab_size, self.d_model)
        for name in ("shared.weight", "encoder.embed_tokens.weight"):
            same("vocab_size and d_model", shapes, name, vocabulary)
        as_many("num_layers", shapes, "encoder.block.", self.num_layers)


class TransformerConfig(PartConfig):
    """The settings that the transformers of Flux.1, Chroma and SD3 have in common."""

    in_channels: Count
    patch_size: Count
    num_layers: Layers
    num_attention_heads: Count
    attention_head_dim: Count
    joint_attention_dim: Count

    @property
    def width(self) -> int:
        """The numbers that stand for one token."""
        return self.num_attention_heads * self.attention_head_dim

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        text = (self.width, self.joint_attention_dim)
        same("joint_attention_dim", shapes, "context_embedder.weight", text)
        as_many("num_layers", shapes, "transformer_blocks.", self.num_layers)


class PackedTransformerConfig(TransformerConfig):
    """The settings of those whose latents are packed: Flux.1 and Chroma."""

    num_single_layers: Layers
    axes_dims_rope: Annotated[list[Count], Field(min_length=3, max_length=3)]

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        super().check_weights(shapes)
        same("in_channels", shapes, "x_embedder.weight", (self.width, self.in_channels))
        as_many("num_single_layers", shapes, "single_transformer_blocks.", self.num_single_layers)


def check_t5_tokenizer(folder: Path, vocabulary: int | None) -> None:
    """Refuse the folder of a T5 tokenizer without a vocabulary, or with one that does not fit.

    Args:
        folder: The tokenizer's folder.
        vocabulary: The size of T5's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    read_json(folder / "tokenizer_config.json")
    words = folder / "tokenizer.json"
    model = read_json(words, LARGEST_TOKENIZER).get("model")
    if not isinstance(model, dict) or model.get("type") != T5_MODEL:
        raise damaged(words, "holds no vocabulary of T5")
    count = len(model.get("vocab") or ())
    least, most = 1, count
    if vocabulary is not None:
        least, most = max(1, vocabulary - _SPARE_TOKENS), vocabulary
    if not least <= count <= most:
        known = "some" if vocabulary is None else vocabulary
        message = f"has {count} words, where the text encoder knows {known}"
        raise damaged(words, message)


def t5_tokenizer(encoder: str) -> TokenizerPart:
    """Return the requirements for the tokenizer of a T5."""
    return TokenizerPart(encoder, ("T5Tokenizer", "T5TokenizerFast"), check_t5_tokenizer)
