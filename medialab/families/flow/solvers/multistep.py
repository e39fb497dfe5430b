"""Solvers with one call a step, which continue what the last calls told.

Importing this module loads diffusers.
"""

from collections import deque

import numpy as np
import torch

from medialab.families.flow.solvers.euler import Solver
from medialab.families.flow.solvers.noise import log_ratio, new_noise
from medialab.families.flow.solvers.stochastic import redrawn


class FlowDPMSolverMultistep(Solver):
    """DPM++ 2M: the second-order multistep solver for the picture.

    Source: Lu et al., "DPM-Solver++" (arXiv 2211.01095), algorithm 2. With flow matching's α and σ
    its α_t · (1 - e^-h) is 1 - t / s. The last step is of first order, as in diffusers.
    """

    def _begin(self) -> None:
        super()._begin()
        self._last: torch.Tensor | None = None

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        picture = x - s * v
        slope = self._slope(picture, call)
        return self._stepped(x, picture, slope, s, t)

    def _stepped(
        self,
        x: torch.Tensor,
        picture: torch.Tensor,
        slope: torch.Tensor | float,
        s: float,
        t: float,
    ) -> torch.Tensor:
        """Return the latents at level `t`; `slope` is half the picture's change up to it."""
        return t / s * x + (1 - t / s) * (picture + slope)

    def _slope(self, picture: torch.Tensor, call: int) -> torch.Tensor | float:
        """Return half of how the picture will change over the step, if it changes as before."""
        last, self._last = self._last, picture
        if last is None or self.levels[call + 1] == 0:
            return 0.0
        before, s, t = (log_ratio(one) for one in self.levels[call - 1 : call + 2])
        # From pure noise λ comes from -∞, and the change before tells nothing.
        return (t - s) / (s - before) / 2 * (picture - last)


class FlowSDEDPMSolverMultistep(FlowDPMSolverMultistep):
    """DPM++ 2M SDE: the same for the stochastic equation, with new noise at each step.

    Source: as above, SDE-DPM-Solver++(2M), with diffusers' "midpoint".
    """

    def _stepped(
        self,
        x: torch.Tensor,
        picture: torch.Tensor,
        slope: torch.Tensor | float,
        s: float,
        t: float,
    ) -> torch.Tensor:
        return redrawn(x, picture + slope, s, t, new_noise(s, t) * self._drawn(x))


class FlowDEIS(Solver):
    """DEIS: the noise's change over the logarithm of ρ = s / (1 - s) is continued.

    Source: Zhang and Chen, "Fast Sampling of Diffusion Models with Exponential Integrator" (arXiv
    2204.13902), of second order, with the "logrho" of diffusers. The last step is of first order.
    """

    def _begin(self) -> None:
        super()._begin()
        self._last: torch.Tensor | None = None

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        noise = x + (1 - s) * v
        last, self._last = self._last, noise
        stepped = x + (t - s) * v
        if last is None or t == 0:
            return stepped
        before, at, after = (-log_ratio(one) for one in self.levels[call - 1 : call + 2])
        # (1 - t) · ∫ (log ρ - log ρ(s)) dρ from ρ(s) to ρ(t).
        area = t * (after - at - 1) + (1 - t) * s / (1 - s)
        return stepped + area / (at - before) * (noise - last)


class FlowLMS(Solver):
    """LMS: the linear multistep method of Adams and Bashforth, of fourth order.

    The first steps are of the order for which there are enough calls. Source: Katherine Crowson's
    k-diffusion, sample_lms, with the velocity over s in place of its derivative over σ.
    """

    ORDER = 4

    def _begin(self) -> None:
        super()._begin()
        self._velocities: deque[torch.Tensor] = deque(maxlen=self.ORDER)

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        self._velocities.appendleft(v)
        known = [self.levels[call - back] for back in range(len(self._velocities))]
        weights = _adams_bashforth(known, self.levels[call + 1])
        return x + sum(w * one for w, one in zip(weights, self._velocities, strict=True))


def _adams_bashforth(known: list[float], to: float) -> list[float]:
    """Return the weights of the values at `known`, the newest first, in the integral to `to`."""
    # From the newest on, so that nothing is lost by subtracting integrals from far away.
    places, end = [one - known[0] for one in known], to - known[0]
    found = []
    for place in places:
        others = [other for other in places if other != place]
        basis = np.poly1d(others, r=True) / np.prod([place - other for other in others])
        found.append(float(basis.integ()(end)))
    return found
