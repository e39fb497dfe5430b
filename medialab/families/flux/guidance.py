"""Prompts of Flux.1's transformer, and both of its guidances.

A checkpoint that is told a guidance was trained to draw as with it: `distilled_guidance_scale`. A
`guidance_scale` above 1 compares with the negative prompt besides, in twice the time.
Source: diffusers, FluxPipeline.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from medialab.families.conditioning import NEGATIVE, Conditioning, Track
from medialab.families.flow.prompt_inputs import LATENTS, TurnsGuide
from medialab.families.t5_clip.encoder import EMBEDS, POOLED

_TOLD = "guidance"  # the transformer's input


class FluxGuide(TurnsGuide):
    """The prompts of one run of a Flux.1 pipeline."""

    INPUTS = {EMBEDS: "encoder_hidden_states", POOLED: "pooled_projections"}  # noqa: RUF012

    def __init__(
        self, pipeline: Any, denoiser: str, conditioning: Conditioning, steps: int
    ) -> None:
        super().__init__(pipeline, denoiser, conditioning, steps)
        # Schnell is told none.
        self._is_told = bool(getattr(pipeline, denoiser).config.guidance_embeds)
        self._distilled: float | None = None

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return the prompts' tensors, and the scale by diffusers' name of it."""
        told = self._conditioning.embeddings(self._step)
        if guidance_scale <= 1:
            return {name: one for name, one in told.items() if not name.startswith(NEGATIVE)}
        return {**told, "true_cfg_scale": guidance_scale}

    def distilled_inputs(self, distilled_guidance_scale: float) -> dict[str, Any]:
        """Return the scale that the transformer is told, by diffusers' name of it."""
        if not self._is_told:
            return {}
        self._distilled = distilled_guidance_scale
        return {"guidance_scale": distilled_guidance_scale}

    def _told(self, tracks: Sequence[Track], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs with these prompts, and with the guidance that this network is told.

        The pipeline's is that of the checkpoint that it began with.
        """
        import torch

        told = super()._told(tracks, inputs)
        if not self._is_told:
            told[_TOLD] = None
        elif told.get(_TOLD) is None and self._distilled is not None:
            latents = inputs[LATENTS]
            told[_TOLD] = torch.full(
                latents.shape[:1], self._distilled, dtype=torch.float32, device=latents.device
            )
        return told
