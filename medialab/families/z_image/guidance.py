"""Prompts of Z-Image's transformer that change with the steps, or are several at once."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from medialab.families.guidance import GuidanceKind, Guide
from medialab.families.z_image.encoder import EMBEDS

if TYPE_CHECKING:
    import torch


# Of base checkpoints. Turbo ones look the same in every layer, and are used at a scale of 1, which
# is without guidance.
GUIDANCE: GuidanceKind = "true"


class ZImageGuide(Guide):
    """The prompts of one run of a Z-Image pipeline."""

    TENSORS = (EMBEDS,)

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and diffusers' scale, which is 1 less than ours.

        diffusers' pipeline adds its scale times the difference to the negative prompt, so that its
        0 uses the prompt alone; here, as with all families, 1 does.
        """
        return {**self._prompts(), "guidance_scale": guidance_scale - 1}

    def notes(self, guidance_scale: float, negative_prompt: str) -> list[str]:
        """Return a note if the negative prompt has no effect."""
        if guidance_scale > 1 or not negative_prompt.strip():
            return []
        return ["at guidance_scale 1 the negative prompt is not read"]

    def _prompts(self) -> dict[str, Any]:
        return {name: [one] for name, one in self._conditioning.embeddings(self._step).items()}

    def _changed(
        self,
        tensors: "Mapping[str, torch.Tensor]",  # noqa: ARG002 - both prompts are passed unchanged
        *,
        anew: bool,  # noqa: ARG002
    ) -> dict[str, Any]:
        return self._prompts()

    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer once, with one more row for each sub-prompt after the first.

        The first row has the prompt; with guidance, the second has the negative prompt.
        Source of the sum: Liu et al., "Compositional Visual Generation with Composable Diffusion
        Models", equation 11.
        """
        import torch

        latents, time, texts, *rest = args
        tracks = list(self._conditioning.positives[1:])
        if len(latents) == 1:
            tracks.append(self._conditioning.negative)
        more = [track.at(self._step).values[EMBEDS] for track in tracks]
        found, *others = forward(
            [*latents, *[latents[0]] * len(more)],
            torch.cat([time, *[time[:1]] * len(more)]),
            [*texts, *more],
            *rest,
            **inputs,
        )
        compared = found[1] if len(latents) > 1 else found[-1]
        weights = [track.weight for track in self._conditioning.positives]
        followed = [found[0], *found[len(latents) : len(latents) + len(weights) - 1]]
        total = sum(w * (one - compared) for w, one in zip(weights, followed, strict=True))
        return ([compared + total, *found[1 : len(latents)]], *others)
