"""Prompts of Qwen-Image's transformer, which its pipelines call once for each prompt."""

from typing import TYPE_CHECKING, Any, ClassVar

from medialab.families.flow.prompt_inputs import TurnsGuide
from medialab.families.guidance import GuidanceKind
from medialab.families.qwen_image.encoder import EMBEDS

if TYPE_CHECKING:
    import torch

GUIDANCE: GuidanceKind = "true"


class QwenImageGuide(TurnsGuide):
    """The prompts of one run of a Qwen-Image pipeline."""

    INPUTS: ClassVar = {EMBEDS: "encoder_hidden_states"}

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and the scale; at 1 the negative prompt is left out."""
        tensors = self._conditioning.embeddings(self._step)
        read = {name: one for name, one in tensors.items() if name == EMBEDS or guidance_scale > 1}
        masks = {f"{name}_mask": _everything(one) for name, one in read.items()}
        return {**read, **masks, "true_cfg_scale": guidance_scale}


def _everything(embeddings: "torch.Tensor") -> "torch.Tensor":
    """Return a mask (1, tokens) that leaves nothing out: without one, diffusers warns."""
    return embeddings.new_ones(embeddings.shape[:2]).long()
