"""The interface of a family's schedulers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from medialab.settings.steps import Plan

# A checkpoint's own scheduler config, which describes its training.
Trained = Mapping[str, Any]
# Samplers, each with its schedules, "automatic" the first.
Menu = Mapping[str, Sequence[str]]


class Schedulers(Protocol):
    """A family's schedulers, by the names of samplers and schedules."""

    def check(
        self, sampler: str, schedule: str, prediction_type: str, *, zero_terminal_snr: bool
    ) -> None:
        """Refuse a sampler or schedule that does not fit a checkpoint's training; load nothing.

        Raises:
            ConfigError: they do not fit; the message names those that do.
        """

    def menu(self) -> Menu:
        """Return the samplers and schedules that `check` takes for some checkpoint."""

    def planned(
        self, sampler: str, schedule: str, steps: int, strength: float | None, *, exact: bool
    ) -> Plan:
        """Return the steps of a denoising; arguments and errors as in `medialab.settings.steps`."""

    def make(self, sampler: str, schedule: str, trained: Trained, *, steps: Plan, seed: int) -> Any:
        """Return a new diffusers scheduler for one run of these steps.

        Raises:
            ConfigError: as `check`; no sampler is replaced silently.
        """

    def applied(self, sampler: str, schedule: str, trained: Trained, steps: int) -> str:
        """Return the schedule that is used, with "automatic" resolved."""

    def predicts(self, trained: Trained) -> str:
        """Return the prediction type for the record."""

    def notes(self, sampler: str) -> Sequence[str]:
        """Return notes for the record on a sampler that is not what its name says elsewhere."""
