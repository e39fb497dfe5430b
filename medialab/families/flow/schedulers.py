"""Schedulers for flow matching, where noise and picture are joined by a straight line.

Source: Lipman et al., "Flow Matching for Generative Modeling"; diffusers,
FlowMatchEulerDiscreteScheduler.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from medialab.errors import ConfigError
from medialab.families.flow.samplers import METHODS, NORMAL, SCHEDULES, SIMPLE
from medialab.families.schedulers import Menu, Trained
from medialab.files.predictions import FLOW
from medialab.settings.samplers import SAMPLERS
from medialab.settings.steps import Plan, planned

SAMPLER = "Euler"
_AUTOMATIC = "automatic"
_NO_SCHEDULE = {name: False for told in SCHEDULES.values() for name in told}
_SOLVERS = "medialab.families.flow.solvers"


@dataclass(frozen=True)
class FlowSchedulers:
    """All samplers for flow matching, with the checkpoint's own shift, static or by size.

    A denoising from a picture starts at the noise that the checkpoint's even schedule has where the
    strength says, after the shift: at 0.6 of 10 steps, that of the fifth. So it does with all
    samplers and schedules: those that are not even space the steps from there.

    Attributes:
        even: The schedule of the list that the family's pipelines pass to their scheduler, which is
            the automatic one.
    """

    even: str = SIMPLE

    def check(
        self,
        sampler: str,
        schedule: str,
        prediction_type: str,
        *,
        zero_terminal_snr: bool,  # noqa: ARG002 - it concerns tables of betas
    ) -> None:
        """Refuse a schedule that it lacks, and another prediction type than the family's."""
        if prediction_type != FLOW:
            message = (
                f"prediction type {prediction_type!r} cannot be: this checkpoint was trained with "
                "flow matching; set prediction_type to automatic"
            )
            raise ConfigError(message).about("prediction_type", (_AUTOMATIC,))
        self._check_names(sampler, schedule)

    def menu(self) -> Menu:
        """Return the samplers with their schedules."""
        return {
            name: (_AUTOMATIC, *(one for one in SAMPLERS[name].schedules if one in SCHEDULES))
            for name in METHODS
        }

    def planned(
        self, sampler: str, schedule: str, steps: int, strength: float | None, *, exact: bool
    ) -> Plan:
        """Return the steps of a denoising; the share of a strength is rounded up.

        Source: `get_timesteps` of diffusers' pipelines for flow matching.
        """
        plan = planned(sampler, schedule, steps, strength, exact=exact)
        if strength is None or exact:
            return plan
        return Plan(steps, steps - int(max(steps - min(steps * strength, steps), 0)))

    def make(self, sampler: str, schedule: str, trained: Trained, *, steps: Plan, seed: int) -> Any:
        """Return a new scheduler with the checkpoint's own shift.

        From noise, Euler with the pipeline's own list is diffusers' class itself.
        """
        from diffusers import FlowMatchEulerDiscreteScheduler

        applied = self.applied(sampler, schedule, trained, steps.total)
        accepted = inspect.signature(FlowMatchEulerDiscreteScheduler.__init__).parameters
        known = {name: one for name, one in trained.items() if name in accepted}
        config = {**known, "stochastic_sampling": False, **_NO_SCHEDULE, **SCHEDULES[applied]}
        even = self._list(applied)
        solver = METHODS[sampler].solver
        if solver == METHODS[SAMPLER].solver and not even and steps.run == steps.total:
            return FlowMatchEulerDiscreteScheduler.from_config(config)
        module, _, name = solver.partition(".")
        scheduler = getattr(import_module(f"{_SOLVERS}.{module}"), name).from_config(config)
        scheduler.even, scheduler.run, scheduler.seed = even, steps.run, seed
        return scheduler

    def applied(
        self,
        sampler: str,
        schedule: str,
        trained: Trained,  # noqa: ARG002 - the same for all
        steps: int,  # noqa: ARG002
    ) -> str:
        """Return the schedule that is used."""
        self._check_names(sampler, schedule)
        return self.even if schedule == _AUTOMATIC else schedule

    def predicts(self, trained: Trained) -> str:  # noqa: ARG002 - the same for all
        """Return "flow", the only prediction type."""
        return FLOW

    def notes(self, sampler: str) -> list[str]:
        """Return notes on what the sampler is in flow matching."""
        note = METHODS[sampler].note
        return [f"{sampler}: {note}"] if note else []

    def _list(self, schedule: str) -> str:
        """Return the even list that takes the place of the pipeline's, or "" for none."""
        even = SIMPLE if schedule == "sgm uniform" else schedule
        return even if even in {SIMPLE, NORMAL} and even != self.even else ""

    def _check_names(self, sampler: str, schedule: str) -> None:
        """Refuse names that are not in the menu."""
        menu = self.menu()
        for setting, name, choices in (
            ("sampler", sampler, tuple(menu)),
            ("schedule", schedule, menu.get(sampler, ())),
        ):
            if name not in choices:
                message = (
                    f"{setting} {name!r} cannot run this checkpoint, trained with flow matching; "
                    f"choose one of {', '.join(choices)}"
                )
                raise ConfigError(message).about(setting, choices)
