"""The prompt encoder of Flux.1: T5 for the words, and CLIP for one vector of the whole prompt.

Source: diffusers, FluxPipeline's `encode_prompt`; a plain prompt gives the same bit for bit.
"""

from typing import TYPE_CHECKING

from medialab.families.brackets import Plain
from medialab.families.t5_clip.encoder import EMBEDS, POOLED, T5ClipEncoder
from medialab.families.t5_clip.words import Tokens
from medialab.families.texts import Encoded

if TYPE_CHECKING:
    import torch

MOST_TOKENS = 512  # of T5, with the mark of the end


class FluxEncoder(T5ClipEncoder):
    """The text encoders of a Flux.1 checkpoint; brackets weigh the words that T5 reads."""

    _networks = ("text_encoder", "text_encoder_2")

    def _encode(self, plain: Plain) -> Encoded:
        clip, t5 = self._part("text_encoder"), self._part("text_encoder_2")

        def states(tokens: Tokens) -> "torch.Tensor":
            found: torch.Tensor = t5(tokens.ids, output_hidden_states=False)[0]
            return found.to(t5.dtype)

        short = self._words("tokenizer").tokens(plain)
        pooled = clip(short.ids, output_hidden_states=False).pooler_output.to(clip.dtype)
        embeds, tokens = self._words("tokenizer_2", MOST_TOKENS).weighed(plain, states)
        notes = (*tokens.note("T5"), *short.note("CLIP"))
        return Encoded({EMBEDS: embeds, POOLED: pooled}, tokens.number, notes=notes)
