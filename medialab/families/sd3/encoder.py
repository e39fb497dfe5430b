"""The prompt encoder of SD3: two CLIPs and T5, which may be left out.

Source: diffusers, StableDiffusion3Pipeline's `encode_prompt`; a plain prompt gives the same bit for
bit.
"""

from typing import TYPE_CHECKING, Any

from medialab.families.brackets import Plain
from medialab.families.t5_clip.encoder import EMBEDS, POOLED, T5ClipEncoder
from medialab.families.t5_clip.words import Tokens
from medialab.families.texts import Encoded

if TYPE_CHECKING:
    import torch

MOST_TOKENS = 256  # of T5, with the mark of the end


class SD3Encoder(T5ClipEncoder):
    """The text encoders of an SD3 checkpoint; brackets weigh the words in all of them."""

    _networks = ("text_encoder", "text_encoder_2", "text_encoder_3")

    def _encode(self, plain: Plain) -> Encoded:
        import torch
        import torch.nn.functional as F

        large, pooled_large, tokens = self._clip(plain, "")
        giant, pooled_giant, _ = self._clip(plain, "_2")
        clips = torch.cat([large, giant], dim=-1)
        words, long = self._t5(plain)
        clips = F.pad(clips, (0, words.shape[-1] - clips.shape[-1]))
        values = {
            EMBEDS: torch.cat([clips, words], dim=-2),
            POOLED: torch.cat([pooled_large, pooled_giant], dim=-1),
        }
        notes = (*(long.note("T5") if long else ()), *tokens.note("CLIP"))
        return Encoded(values, (long or tokens).number, notes=notes)

    def _clip(self, plain: Plain, end: str) -> "tuple[torch.Tensor, torch.Tensor, Tokens]":
        """Return a CLIP's states of the layer before the last, its pooled ones, and the tokens."""
        network = self._part(f"text_encoder{end}")
        pooled: list[Any] = []

        def states(tokens: Tokens) -> "torch.Tensor":
            found = network(tokens.ids, output_hidden_states=True)
            pooled.append(found[0])
            layer: torch.Tensor = found.hidden_states[-2].to(self._part("text_encoder").dtype)
            return layer

        # diffusers reads the texts of both CLIPs at the first tokenizer's length.
        words = self._words(f"tokenizer{end}", int(self._part("tokenizer").model_max_length))
        embeds, tokens = words.weighed(plain, states)
        return embeds, pooled[0], tokens

    def _t5(self, plain: Plain) -> "tuple[torch.Tensor, Tokens | None]":
        """Return T5's states and the tokens; zeros and None if the checkpoint has no T5."""
        import torch

        network = self._model.components.get("text_encoder_3")
        if network is None:
            width = self._part("transformer").config.joint_attention_dim
            like = self._part("text_encoder").dtype
            return torch.zeros(1, MOST_TOKENS, width, dtype=like, device=self._model.device), None

        def states(tokens: Tokens) -> "torch.Tensor":
            found: torch.Tensor = network(tokens.ids)[0]
            return found.to(network.dtype)

        return self._words("tokenizer_3", MOST_TOKENS).weighed(plain, states)
