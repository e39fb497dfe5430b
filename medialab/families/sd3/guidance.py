"""Prompts of SD3's transformer: both in one batch."""

from typing import Any

from medialab.families.flow.prompt_inputs import RowsGuide
from medialab.families.t5_clip.encoder import EMBEDS, POOLED


class SD3Guide(RowsGuide):
    """The prompts of one run of an SD3 pipeline."""

    INPUTS = {EMBEDS: "encoder_hidden_states", POOLED: "pooled_projections"}  # noqa: RUF012

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and the unchanged scale."""
        told = self._conditioning.embeddings(self._step)
        return {**told, "guidance_scale": guidance_scale}
