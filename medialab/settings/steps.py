"""The number of steps in a denoising: of the whole schedule, and of the part that is run.

Pure: importing this module loads neither torch nor diffusers.
"""

import math
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.settings.samplers import MOST_STEPS, check, most_steps

# Settings of the steps that compare the prompt with the negative one, as shares of those run.
GUIDANCE_START, GUIDANCE_END = "guidance_start", "guidance_end"
# Tolerance: a share of steps such as 100 · 0.29 may be rounded to just below the exact number.
_HAIR = 1e-9


class Plan(NamedTuple):
    """The steps of the whole schedule, and how many of them, the last ones, are run."""

    total: int
    run: int

    @property
    def strength(self) -> float:
        """The strength with which diffusers' pipelines run that many steps, int(total · strength).

        1 if all are run; otherwise half a step is added, so that rounding does not remove one.
        """
        return min(1.0, (self.run + 0.5) / self.total)


class Guided(NamedTuple):
    """The part of the steps that compare the prompt with the negative one.

    All others use the prompt alone, as at a guidance scale of 1, which takes half the time.
    Source: Kynkäänniemi et al., "Applying Guidance in a Limited Interval Improves Sample and
    Distribution Quality in Diffusion Models"; A1111's "Skip Early CFG" for the start.

    Attributes:
        start: The share of the steps that are drawn before, 0 to 1; the step at it is one of them.
        end: The share of the steps after which none compares.
    """

    start: float = 0.0
    end: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether every step compares."""
        return self == Guided()

    def includes(self, step: int, steps: int) -> bool:
        """Return whether a step, counted from 1, compares."""
        done = (step - 1) / steps
        return (self.start == 0 or done > self.start) and (self.end == 1 or done < self.end)

    def of(self, steps: int) -> list[int]:
        """Return the first and the last step that compares, counted from 1; none if none does."""
        found = [step for step in range(1, steps + 1) if self.includes(step, steps)]
        return [found[0], found[-1]] if found else []


def planned(
    sampler: str, schedule: str, steps: int, strength: float | None, *, exact: bool = False
) -> Plan:
    """Return the steps of a denoising.

    Args:
        sampler: One of SAMPLERS.
        schedule: One of its schedules, or "automatic".
        steps: The number that is set.
        strength: Above 0, up to 1, if it starts from a picture; None if from noise.
        exact: Whether to run that number of steps whatever the strength; otherwise the strength's
            share of them is run, at least one. If the schedule cannot have enough steps for a small
            strength, the run starts at its last step.

    Raises:
        ConfigError: the sampler cannot run that many steps.
    """
    if strength is None:
        check(sampler, schedule, steps)
        return Plan(steps, steps)
    if exact:
        return Plan(steps_behind(sampler, schedule, steps, strength), steps)
    check(sampler, schedule, steps)
    most = most_steps(sampler, schedule)
    total = min(max(steps, math.ceil(1 / strength - _HAIR)), most)
    return Plan(total, max(1, min(total, int(total * strength + _HAIR))))


def steps_behind(sampler: str, schedule: str, steps: int, strength: float) -> int:
    """Return the length of the schedule whose last `steps` are run for a strength.

    At most MOST_STEPS: a strength that would need more starts with slightly more noise.
    Source: AUTOMATIC1111 modules/sd_samplers_common.py, setup_img2img_steps.

    Raises:
        ConfigError: the sampler's schedule cannot have that many steps.
    """
    total = _total(steps, strength)
    most = most_steps(sampler, schedule)
    if steps <= most < total:
        fewer = next((one for one in range(steps, 0, -1) if _total(one, strength) <= most), 0)
        message = (
            f"{steps} steps at denoising strength {strength:g} are the last of {total}, and "
            f"sampler {sampler!r} takes {most} at most; choose "
            + (f"from 1 to {fewer} steps, " if fewer else "")
            + "a higher strength, or another sampler"
        )
        raise ConfigError(message).about("steps")
    check(sampler, schedule, total)
    return total


def _total(steps: int, strength: float) -> int:
    """Return the length of the schedule of which `steps` are the last."""
    return min(max(steps, int(steps / min(strength, 0.999))), MOST_STEPS)
