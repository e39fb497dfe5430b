"""diffusers' schedulers with seven defects fixed: thin subclasses, one for each defect.

The defects, of diffusers 0.42, found by tests/settings/test_scheduler_classes.py:

- "trailing" timesteps are counted by a floating-point division, which for some numbers (61, 103,
  121 …) gives one too many, at timestep -1;
- the multistep solvers truncate the timesteps of "exponential" and "beta" where they round those of
  "karras", so that a denoiser is given up to 40 % less noise than there is;
- a run that starts at a timestep which occurs twice starts at the second one, and runs past the
  end;
- DDIM assumes that each step is `1000 // steps` training steps long, whatever the next timestep is;
- DEIS ends at the lowest noise level of the training, not at the picture;
- DPM2 a finds the noise between two steps as a difference of squares in float32, of which no digit
  is left where a step is long: on some processors the denoiser is told too much noise;
- LMS takes its order from the number of steps in the schedule, so that one started late uses
  derivatives that it does not have.

Importing this module loads diffusers.
"""

from fractions import Fraction
from functools import cache
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.schedulers.scheduling_utils import SchedulerOutput

# Subtracted from a number of steps so that a division by it is not rounded down too far.
_HAIR = 1e-9
_BY_NOISE = ("karras", "exponential", "beta")


class _RightlyCounted:
    """Returns exactly the requested number of timesteps, and starts at the first of them."""

    def set_timesteps(self: Any, num_inference_steps: int, device: Any = None, *rest: Any) -> None:
        """Set the timesteps of a run."""
        # Schedules by noise level count the steps, which takes a whole number.
        by_noise = any(self.config.get(f"use_{name}_sigmas") for name in _BY_NOISE)
        divides = self.config.get("timestep_spacing") == "trailing" and not by_noise
        steps = num_inference_steps - _HAIR if divides else num_inference_steps
        super().set_timesteps(steps, device, *rest)  # type: ignore[misc]
        self.num_inference_steps = num_inference_steps

    def _init_step_index(self: Any, timestep: Any) -> None:
        """Start at the first timestep, unless a pipeline has set another."""
        if self.begin_index is None:
            self.set_begin_index(0)
        super()._init_step_index(timestep)  # type: ignore[misc]


class _Rounded:
    """Rounds to the training step nearest to the actual noise level."""

    def set_timesteps(self: Any, num_inference_steps: int, device: Any = None, *rest: Any) -> None:
        """Set the timesteps of a run."""
        super().set_timesteps(num_inference_steps, device, *rest)  # type: ignore[misc]
        if self.config.use_exponential_sigmas or self.config.use_beta_sigmas:
            alphas = self.alphas_cumprod.cpu().numpy()
            log_sigmas = np.log(((1 - alphas) / alphas) ** 0.5)
            nearest = [self._sigma_to_t(one, log_sigmas) for one in self.sigmas[:-1].cpu().numpy()]
            self.timesteps = torch.tensor(np.round(nearest)).to(self.timesteps)


class _FromTimestepToTimestep:
    """DDIM whose steps end at the next timestep (arXiv 2010.02502, equation 12)."""

    def step(
        self: Any,
        model_output: Any,
        timestep: Any,
        sample: Any,
        eta: float = 0.0,
        use_clipped_model_output: bool = False,
        generator: Any = None,
        **others: Any,
    ) -> Any:
        """Take one step; the last one ends at the checkpoint's lowest noise level."""
        index = int((self.timesteps == timestep).nonzero()[0])
        following = self.timesteps[index + 1] if index + 1 < len(self.timesteps) else -1
        length, steps = int(timestep - following), self.num_inference_steps
        try:
            # The class divides by this to compute the length of a step.
            self.num_inference_steps = Fraction(self.config.num_train_timesteps, length)
            return super().step(  # type: ignore[misc]
                model_output,
                timestep,
                sample,
                eta,
                use_clipped_model_output,
                generator,
                **others,
            )
        finally:
            self.num_inference_steps = steps


class _ToThePicture:
    """DEIS whose last step ends at the picture, as those of the other multistep solvers do."""

    def step(
        self: Any, model_output: Any, timestep: Any, sample: Any, return_dict: bool = True
    ) -> Any:
        """Take one step."""
        if self.step_index is None:
            self._init_step_index(timestep)
        if self.step_index < len(self.timesteps) - 1:
            return super().step(  # type: ignore[misc]
                model_output, timestep, sample, return_dict=return_dict
            )
        noise = self.convert_model_output(model_output, sample=sample)
        alpha, sigma = self._sigma_to_alpha_sigma_t(self.sigmas[self.step_index])
        self._step_index += 1
        picture = (sample - sigma * noise) / alpha
        return SchedulerOutput(prev_sample=picture) if return_dict else (picture,)


class _BetweenExactly:
    """DPM2 a whose second call in a step has the noise that its formulas say.

    From σ to the next level n it goes down to n²/σ and adds noise up to n; the geometric mean of σ
    and n²/σ, where the denoiser is called between, is n.
    """

    def set_timesteps(self: Any, num_inference_steps: int, device: Any = None, *rest: Any) -> None:
        """Set the timesteps of a run."""
        super().set_timesteps(num_inference_steps, device, *rest)  # type: ignore[misc]
        levels = self.sigmas[::2].double()  # each is there twice but the first, and 0 at the end
        following = torch.cat([levels[1:], levels[-1:]])
        down = torch.where(levels > 0, following**2 / levels.clamp(min=_HAIR), 0)
        up = (following**2 - down**2).clamp(min=0).sqrt()
        between = following.clone()
        between[-2:] = 0
        log_sigmas = self.log_sigmas.cpu().numpy()
        told = [float(self._sigma_to_t(one, log_sigmas)) for one in between.numpy()[:-2]]
        self.timesteps[1::2] = torch.tensor(told, dtype=self.timesteps.dtype).to(self.timesteps)
        for name, values in (("_down", down), ("_up", up), ("_interpol", between)):
            twice = torch.cat([values[:1], values[1:].repeat_interleave(2), values[-1:]])
            setattr(self, f"sigmas{name}", twice.float().to(getattr(self, f"sigmas{name}")))


class _OrderByWhatIsKnown:
    """LMS that uses no derivatives from before its start."""

    def step(
        self: Any, model_output: Any, timestep: Any, sample: Any, order: int = 4, **others: Any
    ) -> Any:
        """Take one step, of an order for which there are enough derivatives."""
        order = min(order, len(self.derivatives) + 1)
        return super().step(model_output, timestep, sample, order, **others)  # type: ignore[misc]


_OWN: dict[str, tuple[type, ...]] = {
    "DDIMScheduler": (_FromTimestepToTimestep,),
    "DEISMultistepScheduler": (_Rounded, _ToThePicture),
    "DPMSolverMultistepScheduler": (_Rounded,),
    "KDPM2AncestralDiscreteScheduler": (_BetweenExactly,),
    "LMSDiscreteScheduler": (_OrderByWhatIsKnown,),
    "UniPCMultistepScheduler": (_Rounded,),
}


@cache
def scheduler_class(name: str) -> Any:
    """Return diffusers' scheduler class of that name with its defects fixed."""
    plain = getattr(diffusers, name)
    return type(name, (_RightlyCounted, *_OWN.get(name, ()), plain), {"__doc__": plain.__doc__})
