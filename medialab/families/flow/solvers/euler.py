"""Euler's method for flow matching, over the part of a schedule that is run.

Importing this module loads diffusers.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteSchedulerOutput as Stepped,
)

from medialab.families.flow.samplers import NORMAL
from medialab.families.flow.solvers.noise import another_seed


class FlowEuler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
    """diffusers' scheduler with an even list of its own, and a start after the first step.

    A pipeline passes its list of noise levels to `set_timesteps`, which gives it the checkpoint's
    shift. All that is cut off here is cut off after the shift, so that the levels of the part that
    is run are those of the whole list. A schedule that is not even (karras …) spaces that part
    alone: at one strength, all schedules start with the same noise and run as many steps.
    """

    timesteps: torch.Tensor
    sigmas: torch.Tensor
    even: str = ""  # the list that takes the place of the pipeline's: NORMAL or SIMPLE; "": none
    run: int | None = None  # the last steps of the list that are run; None: all

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: Any = None,
        sigmas: Any = None,
        mu: float | None = None,
        timesteps: Any = None,
    ) -> None:
        """Set the noise levels of a run; arguments as in diffusers."""
        if self.even:
            given = next((one for one in (sigmas, timesteps) if one is not None), ())
            steps = num_inference_steps or len(given)
            num_inference_steps, timesteps = steps, None
            sigmas = None if self.even == NORMAL else np.linspace(1.0, 1 / steps, steps)
        super().set_timesteps(num_inference_steps, device, sigmas, mu, timesteps)
        if self.run is not None:
            self.timesteps = self.timesteps[-self.run :]
            self.sigmas = self.sigmas[-self.run - 1 :]
        self.num_inference_steps = len(self.timesteps)
        self._begin()

    def _begin(self) -> None:
        """Prepare a run, whose noise levels are set."""

    def _init_step_index(self, timestep: Any) -> None:
        """Start at the first step, unless a pipeline has set another."""
        if self.begin_index is None:
            self.set_begin_index(0)
        super()._init_step_index(timestep)

    def _convert_to_karras(self, in_sigmas: Any, num_inference_steps: int) -> Any:
        return super()._convert_to_karras(*self._part(in_sigmas, num_inference_steps))

    def _convert_to_exponential(self, in_sigmas: Any, num_inference_steps: int) -> Any:
        return super()._convert_to_exponential(*self._part(in_sigmas, num_inference_steps))

    def _convert_to_beta(self, in_sigmas: Any, num_inference_steps: int, **others: Any) -> Any:
        return super()._convert_to_beta(*self._part(in_sigmas, num_inference_steps), **others)

    def _part(self, in_sigmas: Any, steps: int) -> tuple[Any, int]:
        """Return the levels of the part that is run, and how many they are."""
        part = in_sigmas[-(self.run or steps) :]
        return part, len(part)


class Solver(FlowEuler, ABC):
    """A method whose steps differ from Euler's; a subclass gives `_next`.

    Written in terms of the noise level s, at which latents are (1 - s) · picture + s · noise. The
    denoiser predicts the velocity v = noise - picture, so that the picture it sees in latents x is
    x - s · v.
    """

    seed: int = 0  # of the noise that stochastic methods draw
    levels: Sequence[float] = ()  # the noise level of each call of the denoiser, and 0

    def _begin(self) -> None:
        """Prepare a run: nothing of the last one is left."""
        self.levels = self.sigmas.tolist()
        self._noise = torch.Generator("cpu").manual_seed(another_seed(self.seed))

    def step(
        self,
        model_output: torch.Tensor,
        timestep: Any,
        sample: torch.Tensor,
        *_: Any,
        return_dict: bool = True,
        **__: Any,
    ) -> Any:
        """Return the latents of the next call, in the dtype of `model_output`, as diffusers does.

        Args:
            model_output: The velocity, of the shape of `sample`.
            timestep: The timestep of this call.
            sample: The latents of this call.
            return_dict: Whether to return an object, not a tuple.
        """
        if self.step_index is None:
            self._init_step_index(timestep)
        precise = torch.promote_types(sample.dtype, torch.float32)
        found = self._next(model_output.to(precise), sample.to(precise), self.step_index)
        self._step_index += 1
        found = found.to(model_output.dtype)
        return Stepped(prev_sample=found) if return_dict else (found,)

    @abstractmethod
    def _next(self, v: torch.Tensor, x: torch.Tensor, call: int) -> torch.Tensor:
        """Return the latents at the level of the next call.

        Args:
            v: The velocity at this call, in float32 at least.
            x: The latents at this call, likewise.
            call: The number of the call, from 0.
        """

    def _drawn(self, x: torch.Tensor) -> torch.Tensor:
        """Return standard normal noise of the shape of `x`, drawn on the CPU from the seed."""
        return torch.randn(x.shape, generator=self._noise, dtype=torch.float32).to(x)
