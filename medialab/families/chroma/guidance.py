"""Prompts of Chroma's transformer, which sees one token of their padding."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialab.families.chroma.encoder import MASK
from medialab.families.conditioning import NEGATIVE
from medialab.families.flow.prompt_inputs import TurnsGuide
from medialab.families.t5_clip.encoder import EMBEDS

if TYPE_CHECKING:
    import torch

_SEEN = "attention_mask"  # the transformer's input: the words', then the picture's tokens


class ChromaGuide(TurnsGuide):
    """The prompts of one run of a Chroma pipeline."""

    INPUTS = {EMBEDS: "encoder_hidden_states", MASK: _SEEN}  # noqa: RUF012

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return the prompts' tensors and the unchanged scale."""
        told = self._conditioning.embeddings(self._step)
        if guidance_scale <= 1:
            told = {name: one for name, one in told.items() if not name.startswith(NEGATIVE)}
        return {**told, "guidance_scale": guidance_scale}

    def _as_input(
        self, name: str, value: "torch.Tensor", inputs: Mapping[str, Any]
    ) -> "torch.Tensor":
        """Return a prompt's tensor as an input; a mask of words with the picture's tokens."""
        import torch

        given: torch.Tensor = inputs[name]
        if name != _SEEN:
            return value.to(given)
        return torch.cat([value.to(given), given[:, value.shape[1] :]], dim=1)
