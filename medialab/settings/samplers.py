"""Samplers and schedules by their well-known names, made as diffusers schedulers.

The sampler is the method that removes the noise; the schedule distributes the noise over the steps.
The names are those of AUTOMATIC1111's menus and infotext, the classes are those of diffusers 0.42.
A combination that diffusers does not support is refused, never replaced silently.

The tables are strings: importing this module loads neither torch nor diffusers.

Source: AUTOMATIC1111 modules/sd_samplers_kdiffusion.py, sd_schedulers.py; diffusers/schedulers.
"""

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError

if TYPE_CHECKING:
    from diffusers import SchedulerMixin

Arguments = Mapping[str, Any]

SCHEDULES: Mapping[str, str] = {
    "automatic": "The schedule that the sampler was published with.",
    "karras": "More steps at low noise, where details form (Karras 2022, ρ = 7).",
    "exponential": "Noise falls by the same factor each step.",
    "beta": "More steps at both ends (beta distribution, α = β = 0.6).",
    "sgm uniform": "Even steps from the noisiest training step, without the last one.",
    "simple": "Even steps counted down from the noisiest training step.",
    "normal": "Even steps from the noisiest training step to the cleanest.",
    "ddim": "Even steps counted up from the cleanest training step.",
}

# Prediction types that can be set; automatic uses the checkpoint's own.
AUTOMATIC_PREDICTION = "automatic"
PREDICTION_TYPES = (AUTOMATIC_PREDICTION, "epsilon", "v_prediction")

MOST_STEPS = 999  # one fewer than the training steps of a schedule

_LINSPACE, _TRAILING = {"timestep_spacing": "linspace"}, {"timestep_spacing": "trailing"}


@dataclass(frozen=True)
class Spacing:
    """A schedule in one diffusers class.

    Attributes:
        arguments: The constructor's arguments for it.
        least: The fewest steps that it supports.
        most: The most steps that it supports.
    """

    arguments: Arguments
    least: int = 1
    most: int = MOST_STEPS

    def takes(self, steps: int) -> bool:
        """Return whether it supports that many steps."""
        return self.least <= steps <= self.most

    def arguments_for(self, steps: int | None) -> Arguments:
        """Return the constructor's arguments for a number of steps; None for any number.

        With one step, linspace has the cleanest timestep; trailing has the noisiest, where A1111's
        schedules start.
        """
        is_linspace = self.arguments.get("timestep_spacing") == "linspace"
        return {**self.arguments, **_TRAILING} if steps == 1 and is_linspace else self.arguments


# Schedules by noise level: linspace makes the sampler start at the noisiest training step, whatever
# the checkpoint's config says. By timestep: A1111's sgm uniform and simple differ by less than one
# of the 1,000 training steps; here both are trailing.
_ALL: Mapping[str, Spacing] = {
    "karras": Spacing({"use_karras_sigmas": True, **_LINSPACE}),
    "exponential": Spacing({"use_exponential_sigmas": True, **_LINSPACE}),
    "beta": Spacing({"use_beta_sigmas": True, **_LINSPACE}),
    "sgm uniform": Spacing(_TRAILING),
    "simple": Spacing(_TRAILING),
    "normal": Spacing(_LINSPACE),
}
_BY_STEP: Mapping[str, Spacing] = {name: _ALL[name] for name in ("sgm uniform", "simple", "normal")}
# The multistep solvers' linspace omits the cleanest step, which is exactly sgm uniform, not normal.
_MULTISTEP: Mapping[str, Spacing] = {
    "karras": _ALL["karras"],
    "exponential": _ALL["exponential"],
    "beta": _ALL["beta"],
    "sgm uniform": Spacing(_LINSPACE),
    "simple": Spacing(_TRAILING),
}
# A1111 counts DDIM's steps from 1, not 0; a single step would then be the cleanest.
_DDIM: Mapping[str, Spacing] = {
    "ddim": Spacing({"timestep_spacing": "leading", "steps_offset": 1}, least=2),
    "sgm uniform": Spacing(_TRAILING),
    "simple": Spacing(_TRAILING),
}
# LCM's steps are those of its distillation, 50; its class ignores all schedule settings, and is
# given its own default, so that none from the checkpoint's config remains.
_LCM: Mapping[str, Spacing] = {"automatic": Spacing({"timestep_spacing": "leading"}, most=50)}


@dataclass(frozen=True)
class Sampler:
    """One sampling method.

    Attributes:
        scheduler: The diffusers class that implements it.
        automatic: The schedule that "automatic" stands for.
        schedules: The schedules that the class supports.
        arguments: The constructor's arguments for the method.
        calls_model_twice: Whether a step costs two forward passes of the denoiser.
        needs_seed: Whether it draws its noise itself, from a seed given to the constructor, not
            from the pipeline's generator.
    """

    scheduler: str
    automatic: str
    schedules: Mapping[str, Spacing]
    arguments: Arguments = field(default_factory=dict)
    calls_model_twice: bool = False
    needs_seed: bool = False


# Constructor arguments come from the sampler's definition; clip_sample and thresholding are for
# pixels in -1..1 and would clip latents, which DDIM does by default.
_LATENTS: Arguments = {"clip_sample": False, "thresholding": False}
_DPM_PLUS_PLUS: Arguments = {
    "solver_order": 2,
    "solver_type": "midpoint",
    "thresholding": False,
    "final_sigmas_type": "zero",
    "lower_order_final": True,
    "euler_at_final": False,
}

SAMPLERS: Mapping[str, Sampler] = {
    "Euler": Sampler(
        "EulerDiscreteScheduler",
        "normal",
        _ALL,
        {"interpolation_type": "linear", "final_sigmas_type": "zero"},
    ),
    "Euler a": Sampler("EulerAncestralDiscreteScheduler", "normal", _BY_STEP),
    "Heun": Sampler(
        "HeunDiscreteScheduler",
        "normal",
        _ALL,
        {"clip_sample": False},
        calls_model_twice=True,
    ),
    "DPM++ 2M": Sampler(
        "DPMSolverMultistepScheduler",
        "karras",
        _MULTISTEP,
        {**_DPM_PLUS_PLUS, "algorithm_type": "dpmsolver++"},
    ),
    "DPM++ 2M SDE": Sampler(
        "DPMSolverMultistepScheduler",
        "exponential",
        _MULTISTEP,
        {**_DPM_PLUS_PLUS, "algorithm_type": "sde-dpmsolver++"},
    ),
    "DPM++ SDE": Sampler(
        "DPMSolverSDEScheduler",
        "karras",
        _ALL,
        calls_model_twice=True,
        needs_seed=True,
    ),
    "DPM2": Sampler("KDPM2DiscreteScheduler", "karras", _ALL, calls_model_twice=True),
    "DPM2 a": Sampler(
        "KDPM2AncestralDiscreteScheduler",
        "karras",
        _ALL,
        calls_model_twice=True,
    ),
    "LMS": Sampler("LMSDiscreteScheduler", "normal", _ALL),
    "DDIM": Sampler("DDIMScheduler", "ddim", _DDIM, _LATENTS),
    # Order 2 is what diffusers advises with guidance; A1111's default is 3.
    "UniPC": Sampler(
        "UniPCMultistepScheduler",
        "sgm uniform",
        _MULTISTEP,
        {
            "solver_order": 2,
            "solver_type": "bh2",
            "predict_x0": True,
            "thresholding": False,
            "final_sigmas_type": "zero",
            "lower_order_final": True,
            "disable_corrector": [],
        },
    ),
    "DDPM": Sampler("DDPMScheduler", "ddim", _DDIM, {**_LATENTS, "variance_type": "fixed_small"}),
    "LCM": Sampler("LCMScheduler", "automatic", _LCM, _LATENTS),
}

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


def check(sampler: str, schedule: str, steps: int | None = None) -> None:
    """Check that a sampler supports a schedule and a number of steps; nothing is loaded.

    Raises:
        ConfigError: it does not; the message lists the valid choices.
    """
    if sampler not in SAMPLERS:
        message = f"no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}"
        raise ConfigError(message).about("sampler", SAMPLERS)
    if schedule not in SCHEDULES:
        message = f"no schedule {schedule!r}; choose one of {', '.join(SCHEDULES)}"
        raise ConfigError(message).about("schedule", SCHEDULES)
    method = SAMPLERS[sampler]
    choices = dict.fromkeys(["automatic", *method.schedules])
    if schedule not in choices:
        listed = ", ".join(choices)
        message = f"sampler {sampler!r} has no schedule {schedule!r}; choose one of {listed}"
        raise ConfigError(message).about("schedule", choices)
    if steps is not None:
        _check_steps(sampler, schedule, steps)


def _check_steps(sampler: str, schedule: str, steps: int) -> None:
    """Check that the schedule supports a number of steps, and raise `ConfigError` if not."""
    method = SAMPLERS[sampler]
    meant = _meant(method, schedule, {}, steps)
    spacing = method.schedules[meant]
    if spacing.takes(steps):
        return
    others = [name for name, other in method.schedules.items() if other.takes(steps)]
    instead = f"the schedule {' or '.join(others)}, or " if others else ""
    message = (
        f"sampler {sampler!r} with schedule {meant!r} cannot take {steps} steps; "
        f"choose {instead}from {spacing.least} to {spacing.most} steps"
    )
    raise ConfigError(message).about("steps")


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
    meant = _meant(method, schedule, config, steps)
    from medialab.settings.schedulers import scheduler_class

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
    return scheduler.from_config(
        known, **{name: value for name, value in arguments.items() if name in accepted}
    )


def with_prediction(config: Mapping[str, Any], prediction_type: str) -> dict[str, Any]:
    """Return a checkpoint's scheduler config with the prediction type set, unless automatic."""
    own = {} if prediction_type == AUTOMATIC_PREDICTION else {"prediction_type": prediction_type}
    return {**config, **own}


def most_steps(sampler: str, schedule: str) -> int:
    """Return the most steps that a sampler's schedule supports."""
    method = SAMPLERS[sampler]
    return method.schedules[_meant(method, schedule, {})].most


def applied_schedule(
    sampler: str, schedule: str, config: Mapping[str, Any], steps: int | None = None
) -> str:
    """Return the schedule that is used for a checkpoint, with "automatic" resolved."""
    return _meant(SAMPLERS[sampler], schedule, config, steps)


def _meant(
    method: Sampler, schedule: str, config: Mapping[str, Any], steps: int | None = None
) -> str:
    """Return the schedule that is used for a checkpoint and a number of steps.

    A checkpoint trained down to pure noise has "trailing" in its config, and gives grey pictures
    unless the first step is the noisiest: then automatic uses even, trailing steps (arXiv
    2305.08891). If the method's own schedule does not support so few steps, automatic is one that
    does.
    """
    if schedule != "automatic":
        return schedule
    if config.get("timestep_spacing") == "trailing" and method.automatic in ("normal", "ddim"):
        return "simple"
    # Not every such checkpoint has trailing; DDIM's own steps would start below the noisiest.
    if config.get("rescale_betas_zero_snr") and method.automatic == "ddim":
        return "simple"
    if steps is not None and not method.schedules[method.automatic].takes(steps):
        others = [name for name, spacing in method.schedules.items() if spacing.takes(steps)]
        return others[-1] if others else method.automatic
    return method.automatic


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
