"""Solvers of first order that draw new noise at each step.

Their pictures have the distribution of the deterministic ones, not the same pictures. The noise is
drawn on the CPU from the run's seed, so that a run can be repeated.
Importing this module loads diffusers.
"""

import math

import torch

from medialab.families.flow.solvers.euler import Solver
from medialab.families.flow.solvers.noise import fall, new_noise


class FlowEulerAncestral(Solver):
    """Euler a: a step below the next level, and new noise that leads back up to it.

    Source: ComfyUI, sample_euler_ancestral_RF, with η = 1.
    """

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        lowest = below(s, t)
        stepped = x + (lowest - s) * v
        return stepped if t == 0 else renoised(stepped, lowest, t, self._drawn(x))


class FlowDDPM(Solver):
    """DDPM: a draw from the distribution of the less noisy latents, for the picture that is seen.

    Source: Ho et al., "Denoising Diffusion Probabilistic Models", equations 6 and 7, with α = 1 - s
    and σ = s.
    """

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        return redrawn(x, x - s * v, s, t, new_noise(s, t) * self._drawn(x))


class FlowLCM(Solver):
    """LCM: the picture that is seen, with new noise of the next level.

    For checkpoints and LoRAs distilled to see the whole picture in one call; others lose contrast.
    Source: Luo et al., "Latent Consistency Models" (arXiv 2310.04378), algorithm 3.
    """

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        picture = x - s * v
        return picture if t == 0 else (1 - t) * picture + t * self._drawn(x)


def below(s: float, t: float) -> float:
    """Return the level below `t` that an ancestral step from `s` goes to."""
    return t * t / s


def renoised(x: torch.Tensor, s: float, t: float, drawn: torch.Tensor) -> torch.Tensor:
    """Return latents at level `s` with new noise, at the higher level `t`.

    Args:
        x: The latents.
        s: Their noise level.
        t: The level to reach.
        drawn: Standard normal noise of the shape of `x`.
    """
    scale = (1 - t) / (1 - s)
    found: torch.Tensor = scale * x + math.sqrt(t * t - (scale * s) ** 2) * drawn
    return found


def redrawn(
    x: torch.Tensor, picture: torch.Tensor, s: float, t: float, noise: torch.Tensor
) -> torch.Tensor:
    """Return the stochastic equation's latents at level `t`, if the picture stays the same.

    Source: Lu et al., "DPM-Solver++" (arXiv 2211.01095), SDE-DPM-Solver++1, with q = e^-h.

    Args:
        x: The latents at level `s`.
        picture: The picture that is seen in the step.
        s: The level at its start.
        t: The level at its end.
        noise: Of the size `new_noise(s, t)`.
    """
    q = fall(s, t)
    found: torch.Tensor = t / s * q * x + (1 - t) * (1 - q * q) * picture + noise
    return found
