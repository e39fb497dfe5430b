"""Solvers that call the denoiser twice a step, and once in the last.

Importing this module loads diffusers.
"""

import math
from abc import abstractmethod
from itertools import chain, pairwise

import torch

from medialab.families.flow.solvers.euler import Solver
from medialab.families.flow.solvers.noise import fall, from_log_ratio, log_ratio, new_noise
from medialab.families.flow.solvers.stochastic import below, redrawn, renoised

# The λ that stands for pure noise's -∞ where a middle is needed: that of s = 0.9999, as ComfyUI's.
_NEARLY_NOISE = 0.9999


class TwoCalls(Solver):
    """A method with a call at level s and one at a level that `_middle` gives, in each step.

    `timesteps` and `sigmas` have an entry for each call, as in diffusers' Heun.
    """

    order = 2

    def _begin(self) -> None:
        super()._begin()
        self.steps = steps = self.levels
        pairs = pairwise(steps[:-1])
        self.levels = [
            *chain.from_iterable((s, self._middle(s, t)) for s, t in pairs),
            *steps[-2:],
        ]
        plain = self.sigmas
        self.sigmas = torch.tensor(self.levels, dtype=plain.dtype, device=plain.device)
        self.sigmas[: 2 * len(steps) - 3 : 2] = plain[:-1]
        self.timesteps = self.sigmas[:-1] * self.config.num_train_timesteps
        self.num_inference_steps = len(steps) - 1

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.steps[call // 2 : call // 2 + 2]
        if t == 0:
            return x - s * v
        if call % 2:
            return self._second(v, x, s, t)
        self._start, self._velocity = x, v
        return self._first(v, x, s, t)

    @abstractmethod
    def _middle(self, s: float, t: float) -> float:
        """Return the level of the second call in the step from `s` to `t`."""

    def _first(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:
        """Return the latents of the second call: by Euler's method."""
        return x + (self._middle(s, t) - s) * v

    @abstractmethod
    def _second(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:
        """Return the latents after the step, by the velocity `v` of the second call."""


class FlowHeun(TwoCalls):
    """Heun: the mean of the velocities at both ends of the step.

    Source: Karras et al., "Elucidating the Design Space" (arXiv 2206.00364), algorithm 1.
    """

    def _middle(self, s: float, t: float) -> float:  # noqa: ARG002
        return t

    def _second(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:  # noqa: ARG002
        return self._start + (t - s) * (self._velocity + v) / 2


class FlowDPM2(TwoCalls):
    """DPM2: the velocity in the middle of the step, that of the levels' logarithms.

    Source: Katherine Crowson's k-diffusion, sample_dpm_2.
    """

    def _middle(self, s: float, t: float) -> float:
        return math.sqrt(s * t)

    def _second(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:  # noqa: ARG002
        return self._start + (t - s) * v


class FlowDPM2Ancestral(FlowDPM2):
    """DPM2 a: the same to a level below the step's end, from which new noise leads back up.

    Source: ComfyUI, sample_dpm_2_ancestral_RF.
    """

    def _middle(self, s: float, t: float) -> float:
        return math.sqrt(s * below(s, t))

    def _second(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:
        lowest = below(s, t)
        return renoised(super()._second(v, x, s, lowest), lowest, t, self._drawn(x))


class FlowSDEDPMSolverSinglestep(TwoCalls):
    """DPM++ SDE: the stochastic equation, by the picture seen in the middle of λ.

    Source: Lu et al., "DPM-Solver++" (arXiv 2211.01095), with r = 1/2, and k-diffusion's
    sample_dpmpp_sde. Both halves' noise is one path: that of the whole step is made of them, as the
    exact solution does, so that no library of Brownian paths is needed.
    """

    def _middle(self, s: float, t: float) -> float:
        return from_log_ratio((log_ratio(min(s, _NEARLY_NOISE)) + log_ratio(t)) / 2)

    def _first(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:
        middle = self._middle(s, t)
        self._half = new_noise(s, middle) * self._drawn(x)
        return redrawn(x, x - s * v, s, middle, self._half)

    def _second(self, v: torch.Tensor, x: torch.Tensor, s: float, t: float) -> torch.Tensor:
        middle = self._middle(s, t)
        noise = t / middle * fall(middle, t) * self._half + new_noise(middle, t) * self._drawn(x)
        return redrawn(self._start, x - middle * v, s, t, noise)
