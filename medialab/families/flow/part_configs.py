"""Schemas of the configs of a flow-matching scheduler, a language model and its tokenizer."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from medialab.files.folder_parts import TokenizerPart
from medialab.files.part_configs import (
    LARGEST_TOKENIZER,
    Count,
    Layers,
    Number,
    PartConfig,
    Shapes,
    as_many,
    damaged,
    read_json,
    same,
)

# The most unused tokens at the end of a language model's vocabulary, whose size is rounded up.
_SPARE_TOKENS = 1024


class FlowConfig(PartConfig):
    """The config of a diffusers scheduler for flow matching."""

    num_train_timesteps: Annotated[int, Field(strict=True, ge=50, le=10_000)]
    shift: Number
    use_dynamic_shifting: bool = False


class LanguageModelConfig(PartConfig):
    """The config of a language model of transformers, such as Qwen3Model."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    num_key_value_heads: Count
    head_dim: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    rms_norm_eps: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        vocabulary = (self.vocab_size, self.hidden_size)
        same("vocab_size and hidden_size", shapes, "embed_tokens.weight", vocabulary)
        as_many("num_hidden_layers", shapes, "layers.", self.num_hidden_layers)


def check_tokenizer(folder: Path, vocabulary: int | None) -> None:
    """Refuse a tokenizer's folder without a vocabulary, or with one that does not fit the model.

    Args:
        folder: The tokenizer's folder.
        vocabulary: The size of the language model's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    read_json(folder / "tokenizer_config.json")
    words = folder / "tokenizer.json"
    model = read_json(words, LARGEST_TOKENIZER).get("model")
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict):
        raise damaged(words, "holds no vocabulary")
    count = len(model["vocab"])
    if vocabulary is not None and not vocabulary - _SPARE_TOKENS <= count <= vocabulary:
        message = f"has {count} words, where the text encoder knows {vocabulary}"
        raise damaged(words, message)


def qwen_tokenizer(encoder: str) -> TokenizerPart:
    """Return the requirements for the Qwen tokenizer of a text encoder."""
    return TokenizerPart(encoder, ("Qwen2Tokenizer", "Qwen2TokenizerFast"), check_tokenizer)
