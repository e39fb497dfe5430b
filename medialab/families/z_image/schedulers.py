"""Schedulers for flow matching, where noise and picture are joined by a straight line.

Source: Lipman et al., "Flow Matching for Generative Modeling"; diffusers,
FlowMatchEulerDiscreteScheduler.
"""

import inspect
from typing import Any

from medialab.errors import ConfigError
from medialab.families.schedulers import Trained
from medialab.files.predictions import FLOW

SAMPLER = "Euler"
# Schedules -> settings of diffusers' class; "simple" is its default, even steps.
SCHEDULES: dict[str, dict[str, bool]] = {
    "simple": {},
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
}
_AUTOMATIC = "automatic"
_NO_SCHEDULE = {name: False for told in SCHEDULES.values() for name in told}


class FlowSchedulers:
    """Euler's method for flow matching, with the schedules of diffusers' class."""

    def check(
        self,
        sampler: str,
        schedule: str,
        prediction_type: str,
        *,
        zero_terminal_snr: bool,  # noqa: ARG002 - it concerns tables of betas
    ) -> None:
        """Refuse other samplers and schedules, and another prediction type than the family's."""
        if prediction_type != FLOW:
            message = (
                f"prediction type {prediction_type!r} cannot be: this checkpoint was trained with "
                "flow matching; set prediction_type to automatic"
            )
            raise ConfigError(message).about("prediction_type", (_AUTOMATIC,))
        _check_names(sampler, schedule)

    def make(
        self,
        sampler: str,
        schedule: str,
        trained: Trained,
        *,
        steps: int,
        seed: int,  # noqa: ARG002 - Euler's method draws no noise
    ) -> Any:
        """Return a new scheduler with the checkpoint's own shift."""
        from diffusers import FlowMatchEulerDiscreteScheduler

        accepted = inspect.signature(FlowMatchEulerDiscreteScheduler.__init__).parameters
        known = {name: one for name, one in trained.items() if name in accepted}
        told = {**_NO_SCHEDULE, **SCHEDULES[self.applied(sampler, schedule, trained, steps)]}
        return FlowMatchEulerDiscreteScheduler.from_config({**known, **told})

    def applied(
        self,
        sampler: str,
        schedule: str,
        trained: Trained,  # noqa: ARG002 - the same for all
        steps: int,  # noqa: ARG002
    ) -> str:
        """Return the schedule that is used."""
        _check_names(sampler, schedule)
        return "simple" if schedule == _AUTOMATIC else schedule

    def predicts(self, trained: Trained) -> str:  # noqa: ARG002 - the same for all
        """Return "flow", the only prediction type."""
        return FLOW


def _check_names(sampler: str, schedule: str) -> None:
    if sampler != SAMPLER:
        message = (
            f"sampler {sampler!r} cannot run this checkpoint, trained with flow matching; "
            f"choose {SAMPLER}"
        )
        raise ConfigError(message).about("sampler", (SAMPLER,))
    choices = (_AUTOMATIC, *SCHEDULES)
    if schedule not in choices:
        message = (
            f"schedule {schedule!r} cannot run this checkpoint, trained with flow matching; "
            f"choose one of {', '.join(choices)}"
        )
        raise ConfigError(message).about("schedule", choices)
