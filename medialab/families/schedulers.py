"""The interface of a family's schedulers."""

from collections.abc import Mapping
from typing import Any, Protocol

# A checkpoint's own scheduler config, which describes its training.
Trained = Mapping[str, Any]


class Schedulers(Protocol):
    """A family's schedulers, by the names of samplers and schedules."""

    def check(
        self, sampler: str, schedule: str, prediction_type: str, *, zero_terminal_snr: bool
    ) -> None:
        """Refuse a sampler or schedule that does not fit a checkpoint's training; load nothing.

        Raises:
            ConfigError: they do not fit; the message names those that do.
        """

    def make(self, sampler: str, schedule: str, trained: Trained, *, steps: int, seed: int) -> Any:
        """Return a new diffusers scheduler for one run of `steps` steps.

        Raises:
            ConfigError: as `check`; no sampler is replaced silently.
        """

    def applied(self, sampler: str, schedule: str, trained: Trained, steps: int) -> str:
        """Return the schedule that is used, with "automatic" resolved."""

    def predicts(self, trained: Trained) -> str:
        """Return the prediction type for the record."""
