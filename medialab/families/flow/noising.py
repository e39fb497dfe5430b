"""Noise over a picture in flow matching: a point on the straight line from picture to noise.

Source: Lipman et al., "Flow Matching for Generative Modeling"; diffusers' `scale_noise`.
"""

from typing import TYPE_CHECKING, Any

from medialab.families.capabilities import FirstNoise
from medialab.settings.steps import Plan

if TYPE_CHECKING:
    import torch


class FlowNoise:
    """Noise as the scheduler of a flow-matching family joins it to a picture: `scale_noise`."""

    def noised(
        self, scheduler: Any, latents: "torch.Tensor", noise: "torch.Tensor", timesteps: Any
    ) -> "torch.Tensor":
        """Return latents with the noise of the scheduler's present step, in the noise's dtype."""
        noised: torch.Tensor = scheduler.scale_noise(latents.to(noise), timesteps, noise)
        return noised

    def strength(self, steps: Plan) -> float:  # noqa: ARG002 - the same for all
        """Return 1: the schedulers of `medialab.families.flow` start late themselves.

        The pipelines count what they leave out in calls of the denoiser, or in steps, and a method
        with two calls a step would start elsewhere.
        """
        return 1.0

    def alone(self, scheduler: Any, noise: "torch.Tensor") -> "torch.Tensor":  # noqa: ARG002
        """Return the noise unchanged: text to image starts from it as it is."""
        return noise

    def begin_with(self, scheduler: Any, first: FirstNoise) -> None:
        """Replace the first call of `scale_noise` by `first`.

        The scheduler must belong to one denoising; the call restores its method.
        """
        plain = scheduler.scale_noise

        def once(original: "torch.Tensor", timesteps: Any, noise: "torch.Tensor") -> Any:
            del scheduler.scale_noise
            return first(noise, lambda noise: plain(original, timesteps, noise))

        scheduler.scale_noise = once


FLOW_NOISE = FlowNoise()
