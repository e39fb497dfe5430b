"""Prompts of Flux.2 Klein's transformer, which its pipeline calls once for each prompt."""

from typing import Any

from medialab.families.flow.prompt_inputs import TurnsGuide
from medialab.families.flux2_klein.encoder import EMBEDS
from medialab.families.guidance import UNGUIDED, GuidanceKind

# Of base checkpoints. Distilled ones follow the prompt alone.
GUIDANCE: GuidanceKind = "true"


class KleinGuide(TurnsGuide):
    """The prompts of one run of a Klein pipeline."""

    INPUTS = {EMBEDS: "encoder_hidden_states"}  # noqa: RUF012

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and the scale."""
        return {**self._conditioning.embeddings(self._step), "guidance_scale": guidance_scale}

    def notes(self, guidance_scale: float, negative_prompt: str) -> list[str]:
        """Return notes on a scale and a negative prompt without effect."""
        if not self._pipeline.config.is_distilled:
            return super().notes(guidance_scale, negative_prompt)
        return [*([UNGUIDED] if guidance_scale > 1 else []), *super().notes(1.0, negative_prompt)]
