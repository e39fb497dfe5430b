"""Trials of this processor: what its instructions promise, measured in some 50 ms.

A virtual machine may show an instruction that it emulates, and a build of torch may not use one.
"""

import time
from collections.abc import Callable
from typing import Any

from medialab.process.threads import computing_with, default_threads, processor
from medialab.process.versions import all_versions

_ROUNDS = 3
_ATTEMPTS = 3  # where another program is at work, the first may say that nothing is gained
_CLEAR = 1.5  # a gain that needs no other attempt
# A piece of what a denoiser does: a linear layer over tokens, and a convolution. 4 + 5 ms on two
# cores in float32.
_TOKENS, _WIDTH = 512, 640
_CHANNELS, _SIDE = 320, 16


def name_of_trial() -> str:
    """Return the name of the fact that `bfloat16_gain` measures, with all that decides it."""
    torch = all_versions()["torch"]
    return f"bfloat16 gain: {processor('cpu')}, torch {torch}, {default_threads()} threads"


def bfloat16_gain() -> float:
    """Return how many times faster this processor computes in bfloat16 than in float32.

    Cost: torch is imported; then some 50 ms, more where nothing is gained.

    Returns:
        The ratio of the fastest rounds; 0 where torch cannot compute in bfloat16 at all.
    """
    import torch

    best = 0.0
    with computing_with(default_threads()), torch.inference_mode():
        try:
            whole, half = _work(torch.float32), _work(torch.bfloat16)
            for _ in range(_ATTEMPTS):
                best = max(best, _ratio(whole, half))
                if best >= _CLEAR:
                    break
        except RuntimeError:  # an operation that this build lacks
            return 0.0
    return best


def _work(dtype: Any) -> Callable[[], object]:
    """Return a function that computes a linear layer and a convolution."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    tokens, weights = numbers(_TOKENS, _WIDTH), numbers(_WIDTH, _WIDTH)
    last = torch.channels_last
    picture = numbers(1, _CHANNELS, _SIDE, _SIDE).to(memory_format=last)
    kernel = numbers(_CHANNELS, _CHANNELS, 3, 3).to(memory_format=last)
    return lambda: (F.linear(tokens, weights), F.conv2d(picture, kernel, padding=1))


def _ratio(slower: Callable[[], object], faster: Callable[[], object]) -> float:
    """Return how many times the second is faster: both in turn, and the fastest round of each."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS + 1):  # the first prepares kernels
        for work, taken in zip((slower, faster), seconds, strict=True):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    first, second = (min(taken[1:]) for taken in seconds)
    return first / second
