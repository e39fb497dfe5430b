"""Which pictures can be denoised at once though their prompts differ: those of texts of one shape.

A denoiser computes calls at once whose tensors have equal shapes, so a text of another length, or
of another number of sub-prompts, stands apart. Tokens are counted from the tokenizer's files. The
count decides how fast pictures are drawn, not their bytes: copies stand in the places of others.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.files.opening import opening
from medialab.listing.info import ModelInfo
from medialab.loading.networks import CONFIGS
from medialab.prompts import mentions, parse, without_tags
from medialab.settings.loras import LoRAConfig, asked_loras


class Texts(NamedTuple):
    """What stage 3 draws a picture by, with inherited settings filled in."""

    prompt: str
    negative_prompt: str
    loras: Sequence[LoRAConfig]

    @classmethod
    def of(cls, config: ResolvedConfig) -> "Texts":
        """Return those of one picture."""
        part = config.drawing_parts().get(config.mode)
        own: Any = config if part is None else part.filled(vars(config))
        return cls(own.prompt, own.negative_prompt, own.loras)


def alike(configs: Sequence[ResolvedConfig], checkpoint: ModelInfo) -> list[Any]:
    """Return a value for each picture that is equal for those that can be denoised at once.

    Cost: 50 ms for the first text of a tokenizer, then below a millisecond; nothing where all texts
    are equal.

    Args:
        configs: Single pictures that differ in seeds and prompts alone.
        checkpoint: The one that draws them.
    """
    texts = [Texts.of(one) for one in configs]
    if all(one == texts[0] for one in texts):
        return [()] * len(texts)
    return [
        (
            asked_loras(one.prompt, one.loras),
            {name for name in config.embeddings() if any(mentions(name, text) for text in one[:2])},
            _shape(one.prompt, checkpoint),
            _shape(one.negative_prompt, checkpoint),
        )
        for config, one in zip(configs, texts, strict=True)
    ]


def _shape(text: str, checkpoint: ModelInfo) -> Any:
    """Return a value that is equal for texts whose embeddings have one shape.

    Where they cannot be counted, that is the text.
    """
    family = RUNNING[checkpoint.family]
    folder = family.opening.tokenizer(checkpoint.path, CONFIGS / family.name)
    try:
        with opening(f"the tokenizer of {checkpoint.name}"):
            tokens, room = family.count_tokens(text, folder)
    except ModelRefusedError:  # it is told when the picture is drawn
        return text
    subprompts = parse(without_tags(text), 1).subprompts
    weights = [one.weight for one in subprompts]
    return len(weights), weights == [1], room if family.pads_texts else tokens
