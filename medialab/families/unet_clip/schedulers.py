"""Schedulers for denoisers that predict epsilon or v over a table of betas."""

from typing import TYPE_CHECKING, Any

from medialab.families.capabilities import FirstNoise
from medialab.families.schedulers import Menu, Trained
from medialab.files.predictions import EPSILON
from medialab.settings.samplers import SAMPLERS, applied_schedule
from medialab.settings.schedulers import check_training, make_scheduler
from medialab.settings.steps import Plan, planned

if TYPE_CHECKING:
    import torch


class BetaSchedulers:
    """All samplers and schedules of `medialab.settings.samplers`."""

    def check(
        self,
        sampler: str,
        schedule: str,  # noqa: ARG002 - a config with a pair that does not go together is refused
        prediction_type: str,
        *,
        zero_terminal_snr: bool,
    ) -> None:
        """Refuse a sampler that does not fit a checkpoint's training."""
        check_training(sampler, prediction_type, zero_terminal_snr=zero_terminal_snr)

    def menu(self) -> Menu:
        """Return all samplers with their schedules."""
        return {name: ("automatic", *one.schedules) for name, one in SAMPLERS.items()}

    def planned(
        self, sampler: str, schedule: str, steps: int, strength: float | None, *, exact: bool
    ) -> Plan:
        """Return the steps of a denoising."""
        return planned(sampler, schedule, steps, strength, exact=exact)

    def make(self, sampler: str, schedule: str, trained: Trained, *, steps: Plan, seed: int) -> Any:
        """Return a new scheduler with the checkpoint's betas and prediction type."""
        return make_scheduler(sampler, schedule, trained, steps=steps.total, seed=seed)

    def applied(self, sampler: str, schedule: str, trained: Trained, steps: int) -> str:
        """Return the schedule that is used."""
        return applied_schedule(sampler, schedule, trained, steps)

    def predicts(self, trained: Trained) -> str:
        """Return epsilon or v_prediction."""
        return str(trained.get("prediction_type", EPSILON))

    def notes(self, sampler: str) -> tuple[str, ...]:  # noqa: ARG002 - the same for all
        """Return none: the samplers are those that the names stand for."""
        return ()


class AddedNoise:
    """The addition of noise by a scheduler's `add_noise`."""

    def noised(
        self, scheduler: Any, latents: "torch.Tensor", noise: "torch.Tensor", timesteps: Any
    ) -> "torch.Tensor":
        """Return latents with the noise of a timestep."""
        noised: torch.Tensor = scheduler.add_noise(latents, noise, timesteps)
        return noised

    def strength(self, steps: Plan) -> float:
        """Return the strength of which the pipelines run int(total · strength) steps."""
        return steps.strength

    def alone(self, scheduler: Any, noise: "torch.Tensor") -> "torch.Tensor":
        """Return pure noise, scaled as the start of text to image."""
        alone: torch.Tensor = noise * scheduler.init_noise_sigma
        return alone

    def begin_with(self, scheduler: Any, first: FirstNoise) -> None:
        """Replace the first call of `add_noise` by `first`.

        The scheduler must belong to one denoising; the call restores its method.
        """
        plain = scheduler.add_noise

        def once(original: "torch.Tensor", noise: "torch.Tensor", timesteps: Any) -> Any:
            del scheduler.add_noise
            return first(noise, lambda noise: plain(original, noise, timesteps))

        scheduler.add_noise = once


BETAS, ADDED_NOISE = BetaSchedulers(), AddedNoise()
