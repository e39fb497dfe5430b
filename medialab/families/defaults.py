"""Settings to begin with for a family's checkpoints."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """Settings to begin with, by their names in a config.

    Attributes:
        steps: Denoising steps.
        guidance_scale: As in a config: 1 follows the prompt alone.
        distilled_guidance_scale: The guidance that the denoiser is told; None if it is told none.
        sampler: A sampler that the family's schedulers know.
        schedule: A schedule of it.
    """

    steps: int
    guidance_scale: float
    sampler: str
    schedule: str = "automatic"
    distilled_guidance_scale: float | None = None
