"""What guides of flow-matching transformers share: unchanged prompts, and the sum of an AND."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialab.families.guidance import Guide

if TYPE_CHECKING:
    import torch


class FlowGuide(Guide):
    """The prompts of one run of a pipeline that takes both prompts by their inputs' names.

    A family's guide adds `inputs`, and `_composed` for the way in which its transformer is called.
    """

    def _prompts(self) -> dict[str, Any]:
        """Return both prompts at the present step, by the pipeline's inputs."""
        return dict(self._conditioning.embeddings(self._step))

    def _changed(
        self,
        tensors: "Mapping[str, torch.Tensor]",  # noqa: ARG002 - both prompts are passed unchanged
        *,
        anew: bool,  # noqa: ARG002
    ) -> dict[str, Any]:
        return self._prompts()

    def _summed(
        self, compared: "torch.Tensor", followed: "Sequence[torch.Tensor]"
    ) -> "torch.Tensor":
        """Return the prediction for all sub-prompts together: n + Σ wᵢ (cᵢ - n).

        Source: Liu et al., "Compositional Visual Generation with Composable Diffusion Models",
        equation 11.

        Args:
            compared: The prediction n for the negative prompt.
            followed: The prediction cᵢ for each sub-prompt.
        """
        weights = [track.weight for track in self._conditioning.positives]
        return compared + sum(
            w * (one - compared) for w, one in zip(weights, followed, strict=True)
        )
