"""Prompts of Z-Image's transformer that change with the steps, or are several at once."""

from collections.abc import Callable
from typing import Any

from medialab.families.flow.guidance import FlowGuide
from medialab.families.guidance import GuidanceKind
from medialab.families.z_image.encoder import EMBEDS

# Of base checkpoints. Turbo ones look the same in every layer, and are used at a scale of 1, which
# is without guidance.
GUIDANCE: GuidanceKind = "true"


class ZImageGuide(FlowGuide):
    """The prompts of one run of a Z-Image pipeline."""

    TENSORS = (EMBEDS,)

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and diffusers' scale, which is 1 less than ours.

        diffusers' pipeline adds its scale times the difference to the negative prompt, so that its
        0 uses the prompt alone; here, as with all families, 1 does.
        """
        return {**self._prompts(), "guidance_scale": guidance_scale - 1}

    def _prompts(self) -> dict[str, Any]:
        return {name: [one] for name, one in super()._prompts().items()}

    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer once, with one more row for each sub-prompt after the first.

        The first row has the prompt; with guidance, the second has the negative prompt.
        """
        import torch

        latents, time, texts, *rest = args
        tracks = list(self._conditioning.positives[1:])
        if len(latents) == 1:
            tracks.append(self._conditioning.negative)
        more = [track.at(self._step).values[EMBEDS] for track in tracks]
        answer = forward(
            [*latents, *[latents[0]] * len(more)],
            torch.cat([time, *[time[:1]] * len(more)]),
            [*texts, *more],
            *rest,
            **inputs,
        )
        # Pipelines ask for a tuple or for diffusers' own output, which is indexed as one.
        found, others = answer[0], answer[1:]
        compared = found[1] if len(latents) > 1 else found[-1]
        prompts = len(self._conditioning.positives)
        followed = [found[0], *found[len(latents) : len(latents) + prompts - 1]]
        return ([self._summed(compared, followed), *found[1 : len(latents)]], *others)

    def _alone(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        latents, time, texts, *rest = args
        answer = forward([latents[0]], time[:1], [texts[0]], *rest, **inputs)
        return ([answer[0][0]] * len(latents), *answer[1:])
