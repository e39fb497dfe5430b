"""UniPC: a predictor, and a corrector that uses the next call.

Importing this module loads diffusers.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch

from medialab.families.flow.solvers.euler import Solver
from medialab.families.flow.solvers.noise import log_ratio


class FlowUniPC(Solver):
    """UniPC of second order for the picture, with B(h) = e^h - 1 ("bh2").

    At each call the latents are corrected first, by the picture that is seen in them, and then
    taken to the next level. No further calls are needed.
    Source: Zhao et al., "UniPC" (arXiv 2302.04867), algorithms 5 and 6; diffusers, whose last step
    is of first order too.
    """

    _start: torch.Tensor  # the latents of the last call, corrected

    def _begin(self) -> None:
        super()._begin()
        self._pictures: list[torch.Tensor] = []  # at the last calls, the newest first

    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        s, t = self.levels[call : call + 2]
        picture = x - s * v
        if self._pictures:
            x = self._corrected(picture, call)
        self._start, self._pictures = x, [picture, *self._pictures[:1]]
        change = self._change(call) if t > 0 else None
        half = 0.0 if change is None else change / 2
        return t / s * x + (1 - t / s) * (picture + half)

    def _change(self, call: int) -> torch.Tensor | None:
        """Return how the picture changes over the step after `call`, if it changes as before.

        None if it is not known: there is one call, or the other saw pure noise, λ = -∞.
        """
        if len(self._pictures) == 1 or self.levels[call - 1] == 1:
            return None
        before, s, t = (log_ratio(one) for one in self.levels[call - 1 : call + 2])
        now, last = self._pictures
        return (t - s) / (s - before) * (now - last)

    def _corrected(self, picture: torch.Tensor, call: int) -> torch.Tensor:
        """Return the latents of this call, by the picture that is seen in the predicted ones."""
        start, last = self._start, self._pictures[0]
        s, t = self.levels[call - 1 : call + 1]
        change = self._change(call - 1)
        if change is None:
            return t / s * start + (1 - t / s) * (last + picture) / 2
        back, to = _weights(call, self.levels)
        return t / s * start + (1 - t / s) * (last + back * change + to * (picture - last))


def _weights(call: int, levels: Sequence[float]) -> tuple[float, float]:
    """Return the weights of the change before the last call, and of that up to this one."""
    before, s, t = (log_ratio(one) for one in levels[call - 2 : call + 1])
    h = t - s
    phi = math.expm1(-h)
    first = (phi / -h - 1) / phi
    second = ((phi / -h - 1) / -h - 0.5) * 2 / phi
    nodes = np.array([[1.0, 1.0], [(before - s) / h, 1.0]])
    back, to = np.linalg.solve(nodes, np.array([first, second]))
    return float(back), float(to)
