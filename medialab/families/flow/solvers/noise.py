"""Quantities of the noise level s, at which latents are (1 - s) · picture + s · noise.

Pure: importing this module loads neither torch nor diffusers.
"""

import math


def log_ratio(s: float) -> float:
    """Return the logarithm λ of the picture's share over the noise's: -∞ at s = 1, ∞ at 0.

    Source: λ of Lu et al., "DPM-Solver" (arXiv 2206.00927), with α = 1 - s and σ = s.
    """
    if s >= 1:
        return -math.inf
    return math.inf if s <= 0 else math.log((1 - s) / s)


def from_log_ratio(ratio: float) -> float:
    """Return the noise level of a logarithm as `log_ratio` returns it."""
    return 1 / (1 + math.exp(ratio))


def fall(s: float, t: float) -> float:
    """Return e^(λ(s) - λ(t)), by which noise falls against the picture from s to t; 0 from 1."""
    return (1 - s) / s * t / (1 - t)


def new_noise(s: float, t: float) -> float:
    """Return the size of the noise that a stochastic step from s to t draws, in latents at t."""
    return t * math.sqrt(1 - fall(s, t) ** 2)


def another_seed(seed: int) -> int:
    """Return the seed of the steps' noise, which must not be the first noise once more.

    Args:
        seed: The run's, from 0 to 2^64 - 1, from which the first noise is drawn.

    Returns:
        The next state of Knuth's MMIX generator: far from all seeds that a batch counts up.
    """
    return (seed * 6364136223846793005 + 1442695040888963407) % 2**64
