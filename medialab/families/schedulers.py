"""How a family's noise is taken away: the interface of its schedulers."""

from collections.abc import Mapping
from typing import Any, Protocol

# What a checkpoint's own scheduler config says of how it was trained.
Trained = Mapping[str, Any]


class Schedulers(Protocol):
    """The schedulers that run a family's checkpoints, by the names of samplers and schedules."""

    def check(
        self, sampler: str, schedule: str, prediction_type: str, *, zero_terminal_snr: bool
    ) -> None:
        """Refuse a sampler or schedule that cannot run a checkpoint trained so; load nothing.

        Raises:
            ConfigError: the message names those that can.
        """

    def make(self, sampler: str, schedule: str, trained: Trained, *, steps: int, seed: int) -> Any:
        """Return a fresh diffusers scheduler for one run of so many steps in all.

        Raises:
            ConfigError: as `check`; nothing is replaced in silence.
        """

    def applied(self, sampler: str, schedule: str, trained: Trained, steps: int) -> str:
        """Return the schedule that runs; "automatic" is resolved."""

    def predicts(self, trained: Trained) -> str:
        """Return the prediction type, as records tell it."""
