"""The prompt encoder of Chroma: T5, whose padding is masked but for one token.

Source: diffusers, ChromaPipeline's `encode_prompt`; a plain prompt gives the same bit for bit.
"""

from typing import TYPE_CHECKING

from medialab.families.brackets import Plain
from medialab.families.t5_clip.encoder import EMBEDS, T5ClipEncoder
from medialab.families.t5_clip.words import Tokens
from medialab.families.texts import Encoded

if TYPE_CHECKING:
    import torch

MASK = "prompt_attention_mask"
MOST_TOKENS = 512  # of T5, with the mark of the end


class ChromaEncoder(T5ClipEncoder):
    """The text encoder of a Chroma checkpoint; brackets weigh the words."""

    _networks = ("text_encoder",)

    def _encode(self, plain: Plain) -> Encoded:
        import torch

        t5 = self._part("text_encoder")

        def states(tokens: Tokens) -> "torch.Tensor":
            found: torch.Tensor = t5(
                tokens.ids, output_hidden_states=False, attention_mask=tokens.mask
            )[0]
            return found.to(t5.dtype)

        embeds, tokens = self._words("tokenizer", MOST_TOKENS).weighed(plain, states)
        # The transformer was trained to see one token of the padding.
        places = torch.arange(MOST_TOKENS, device=tokens.mask.device)[None]
        seen = (places <= tokens.mask.sum(dim=1, keepdim=True)).to(t5.dtype)
        return Encoded({EMBEDS: embeds, MASK: seen}, tokens.number, notes=tokens.note("T5"))
