"""How many steps of a schedule a denoising runs: what a library is told, and what is checked.

Pure: importing this module loads neither torch nor diffusers.
"""

import math
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.settings.samplers import MOST_STEPS, check, most_steps

# Shares of steps such as 100 · 0.29 come out a hair below the number that is meant.
_HAIR = 1e-9


class Plan(NamedTuple):
    """Steps of the whole schedule, and how many of them, the last ones, are run."""

    total: int
    run: int

    @property
    def strength(self) -> float:
        """The strength that makes diffusers' pipelines, which run int(total · strength), do so.

        1 where all are run; else the half keeps rounding from taking one away.
        """
        return min(1.0, (self.run + 0.5) / self.total)


def planned(
    sampler: str, schedule: str, steps: int, strength: float | None, *, exact: bool = False
) -> Plan:
    """Return the steps of a denoising.

    Args:
        sampler: One of SAMPLERS.
        schedule: One of its schedules, or "automatic".
        steps: As they are set.
        strength: Above 0, to 1, where it starts from a picture; None where from noise.
        exact: Whether as many steps are run as are set, whatever the strength; otherwise the
            strength's share of them is run, but never less than one. A strength so small that the
            schedule cannot be spread over enough steps starts at its last step.

    Raises:
        ConfigError: the sampler cannot take what this comes to.
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
    """Return the steps of the schedule of which the last `steps` are run for a strength.

    At most MOST_STEPS: strengths that would need more start at a little more noise.
    Source: AUTOMATIC1111 modules/sd_samplers_common.py, setup_img2img_steps.

    Raises:
        ConfigError: the sampler cannot spread its schedule over so many.
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
