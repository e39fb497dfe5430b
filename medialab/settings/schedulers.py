"""A scheduler object for a sampler, a schedule and what the checkpoint was trained with.

Importing this module loads neither torch nor diffusers.
"""

import inspect
import warnings
from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError
from medialab.settings.samplers import (
    AUTOMATIC_PREDICTION,
    SAMPLERS,
    Arguments,
    applied_schedule,
    check,
)

if TYPE_CHECKING:
    from diffusers import SchedulerMixin

# Samplers whose diffusers class supports `rescale_betas_zero_snr`.
KNOW_ZERO_SNR = (*("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "DDIM", "UniPC", "DDPM", "LCM"),)

# Those of them that divide by the picture's share in pure noise, which is zero, so that a denoiser
# which predicts the noise gives them no information; the others start slightly below pure noise.
DIVIDE_BY_NOTHING = ("DDIM", "DDPM", "LCM")

# Settings that describe the denoiser's training. Passed by name, since the classes' defaults differ
# and from_config drops a value that equals the first class's default (beta_start: 0.0001, 0.00085).
_TRAINED_ON = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
)
# Disables the schedule in the checkpoint's config before ours is set.
_NO_SCHEDULE: Arguments = {
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
    "steps_offset": 0,
}


def make_scheduler(
    sampler: str,
    schedule: str,
    config: Mapping[str, Any],
    *,
    steps: int | None = None,
    seed: int | None = None,
) -> "SchedulerMixin":
    """Make a new scheduler for one run of a checkpoint.

    Args:
        sampler: One of SAMPLERS.
        schedule: One of its schedules, or "automatic".
        config: The checkpoint's own scheduler config; its training (betas, prediction type)
            remains, sampler and schedule are replaced.
        steps: Steps of the whole schedule; None if unknown.
        seed: The run's seed, from which DPM++ SDE draws its Brownian noise, on the latents' device;
            other samplers draw from the pipeline's generator and ignore it.

    Raises:
        ConfigError: sampler, schedule and steps do not go together, or the sampler does not support
            the checkpoint's training. Nothing is replaced silently.
    """
    check(sampler, schedule, steps)
    method = SAMPLERS[sampler]
    meant = applied_schedule(sampler, schedule, config, steps)
    from medialab.settings.scheduler_classes import scheduler_class

    scheduler = scheduler_class(method.scheduler)
    accepted = set(inspect.signature(scheduler.__init__).parameters)
    _check_training(sampler, config)
    trained_on = {name: config[name] for name in _TRAINED_ON if name in config}
    arguments = {
        **_NO_SCHEDULE,
        **method.arguments,
        **method.schedules[meant].arguments_for(steps),
        **trained_on,
    }
    if method.needs_seed:
        arguments["noise_sampler_seed"] = _own_noise(sampler, seed)
    # For settings of another class, diffusers would print a notice into the user's cell.
    known = {name: one for name, one in config.items() if name in accepted or name.startswith("_")}
    own = {name: value for name, value in arguments.items() if name in accepted}
    key = f"{scheduler.__name__} {sorted(known.items())} {sorted(own.items())}"
    if (made := _MADE.get(key)) is None:
        if len(_MADE) >= _MOST_MADE:
            _MADE.clear()
        made = _MADE[key] = scheduler.from_config(known, **own)
    return _copied(made)


# New schedulers, which no run has used: diffusers takes milliseconds to make one.
_MADE: "dict[str, SchedulerMixin]" = {}
_MOST_MADE = 64


def _copied(scheduler: "SchedulerMixin") -> "SchedulerMixin":
    """Return a copy of a new scheduler that shares nothing which a run changes."""
    import torch

    found = copy(scheduler)
    for name, value in vars(scheduler).items():
        if isinstance(value, torch.Tensor):
            setattr(found, name, value.clone())
        elif isinstance(value, (list, dict)) and name != "_internal_dict":
            setattr(found, name, copy(value))
    return found


def with_prediction(config: Mapping[str, Any], prediction_type: str) -> dict[str, Any]:
    """Return a checkpoint's scheduler config with the prediction type set, unless automatic."""
    own = {} if prediction_type == AUTOMATIC_PREDICTION else {"prediction_type": prediction_type}
    return {**config, **own}


def _own_noise(sampler: str, seed: int | None) -> int:
    """Return the seed of a sampler that draws its own noise with torchsde."""
    if seed is None:
        raise ConfigError(f"sampler {sampler!r} draws its own noise; give it the run's seed")
    # torchsde rounds the ends of its interval to six digits; float32 noise levels exceed these
    # slightly, so it clamps them and warns each time.
    warnings.filterwarnings("ignore", "Should have t[ab][<>]=t[01]", UserWarning, "torchsde")
    return seed


def check_training(sampler: str, prediction_type: str, *, zero_terminal_snr: bool) -> None:
    """Check that a sampler supports a checkpoint's training; nothing is loaded.

    Raises:
        ConfigError: it does not.
    """
    config = {"prediction_type": prediction_type, "rescale_betas_zero_snr": zero_terminal_snr}
    _check_training(sampler, config)


def _check_training(sampler: str, config: Mapping[str, Any]) -> None:
    prediction = config.get("prediction_type", "epsilon")
    kind = str(config.get("_class_name", ""))
    if prediction not in ("epsilon", "v_prediction") or "FlowMatch" in kind:
        trained = "flow matching" if "FlowMatch" in kind else f"prediction type {prediction!r}"
        raise ConfigError(
            f"sampler {sampler!r} cannot run this checkpoint, trained with {trained}; "
            "the samplers here know epsilon and v_prediction"
        )
    if config.get("rescale_betas_zero_snr") and sampler not in KNOW_ZERO_SNR:
        message = (
            f"sampler {sampler!r} cannot run this checkpoint, trained to zero terminal SNR; "
            f"choose {', '.join(KNOW_ZERO_SNR[:-1])} or {KNOW_ZERO_SNR[-1]}"
        )
        raise ConfigError(message).about("sampler", KNOW_ZERO_SNR)
    if config.get("rescale_betas_zero_snr") and prediction == "epsilon":
        others = [name for name in KNOW_ZERO_SNR if name not in DIVIDE_BY_NOTHING]
        if sampler not in others:
            message = (
                f"sampler {sampler!r} cannot run this checkpoint, trained to zero terminal SNR, as "
                "one that predicts epsilon, which pure noise does not tell: set prediction_type to "
                f"v_prediction, or choose {', '.join(others[:-1])} or {others[-1]}"
            )
            raise ConfigError(message).about("sampler", others)
