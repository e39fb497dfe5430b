"""Sampler and schedule by the names people know, to diffusers scheduler objects.

The sampler is the method that takes the noise away; the schedule is how the noise is spread over
the steps. The names are those of AUTOMATIC1111's menus and infotext, the classes diffusers 0.42's.
A pair that diffusers cannot honour is refused, never quietly replaced.

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
    "automatic": "What the sampler was published with.",
    "karras": "More steps at low noise, where details form (Karras 2022, ρ = 7).",
    "exponential": "Noise falls by the same factor each step.",
    "beta": "More steps at both ends (beta distribution, α = β = 0.6).",
    "sgm uniform": "Even steps from the noisiest training step, without the last one.",
    "simple": "Even steps counted down from the noisiest training step.",
    "normal": "Even steps from the noisiest training step to the cleanest.",
    "ddim": "Even steps counted up from the cleanest training step.",
}

# What a person may say that a denoiser predicts; automatic: what the checkpoint says itself.
AUTOMATIC_PREDICTION = "automatic"
PREDICTION_TYPES = (AUTOMATIC_PREDICTION, "epsilon", "v_prediction")

MOST_STEPS = 999  # one fewer than the training steps that a schedule is spread over

_LINSPACE, _TRAILING = {"timestep_spacing": "linspace"}, {"timestep_spacing": "trailing"}


@dataclass(frozen=True)
class Spacing:
    """A schedule as one diffusers class takes it: its arguments, and the steps it can do."""

    arguments: Arguments
    least: int = 1
    most: int = MOST_STEPS

    def takes(self, steps: int) -> bool:
        """Whether it can be spread over so many steps."""
        return self.least <= steps <= self.most

    def arguments_for(self, steps: int | None) -> Arguments:
        """The arguments for so many steps.

        Of one step, linspace gives the cleanest timestep; trailing gives the noisiest, which is
        where A1111's schedules begin.
        """
        is_linspace = self.arguments.get("timestep_spacing") == "linspace"
        return {**self.arguments, **_TRAILING} if steps == 1 and is_linspace else self.arguments


# By noise: linspace makes the sampler start at the noisiest training step, whatever the checkpoint
# says. By step: A1111's sgm uniform and simple differ by less than one of the 1,000 training
# steps; here both are trailing.
_ALL: Mapping[str, Spacing] = {
    "karras": Spacing({"use_karras_sigmas": True, **_LINSPACE}),
    "exponential": Spacing({"use_exponential_sigmas": True, **_LINSPACE}),
    "beta": Spacing({"use_beta_sigmas": True, **_LINSPACE}),
    "sgm uniform": Spacing(_TRAILING),
    "simple": Spacing(_TRAILING),
    "normal": Spacing(_LINSPACE),
}
_BY_STEP: Mapping[str, Spacing] = {name: _ALL[name] for name in ("sgm uniform", "simple", "normal")}
# The multistep solvers' linspace leaves the cleanest step out: sgm uniform exactly, never normal.
_MULTISTEP: Mapping[str, Spacing] = {
    "karras": _ALL["karras"],
    "exponential": _ALL["exponential"],
    "beta": _ALL["beta"],
    "sgm uniform": Spacing(_LINSPACE),
    "simple": Spacing(_TRAILING),
}
# A1111 counts DDIM's steps up from 1, not 0; one step counted so would be the cleanest.
_DDIM: Mapping[str, Spacing] = {
    "ddim": Spacing({"timestep_spacing": "leading", "steps_offset": 1}, least=2),
    "sgm uniform": Spacing(_TRAILING),
    "simple": Spacing(_TRAILING),
}
# LCM's steps come from its distillation over 50; its class reads no schedule setting at all, and
# is told its own default, so that none of the checkpoint's stays.
_LCM: Mapping[str, Spacing] = {"automatic": Spacing({"timestep_spacing": "leading"}, most=50)}


@dataclass(frozen=True)
class Sampler:
    """One method: the diffusers class that computes it and the schedules that class can honour.

    `automatic` names the schedule that "automatic" stands for. `calls_model_twice`: a step costs
    two forwards of the denoiser. `needs_seed`: it draws its noise itself, from a seed given when
    it is made, not from the pipeline's generator.
    """

    scheduler: str
    automatic: str
    schedules: Mapping[str, Spacing]
    arguments: Arguments = field(default_factory=dict)
    calls_model_twice: bool = False
    needs_seed: bool = False


# Constructor arguments that are set here come from the sampler's definition; clip_sample and
# thresholding are for pixels in -1..1 and would cut latents, and DDIM clips by default.
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

# Those whose diffusers class takes `rescale_betas_zero_snr`.
KNOW_ZERO_SNR = (*("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "DDIM", "UniPC", "DDPM", "LCM"),)

# Those of them that divide by what pure noise holds of the picture, which is nothing. A denoiser
# that predicts the noise can tell them nothing then; the others stop a hair before.
DIVIDE_BY_NOTHING = ("DDIM", "DDPM", "LCM")

# What the denoiser was trained on. Passed on by name, since the classes' defaults differ and
# from_config drops a value that was the first class's default (beta_start: 0.0001 or 0.00085).
_TRAINED_ON = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
)
# Whatever schedule the checkpoint's config carries is put out before ours is put in.
_NO_SCHEDULE: Arguments = {
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
    "steps_offset": 0,
}


def check(sampler: str, schedule: str, steps: int | None = None) -> None:
    """Raise `ConfigError` unless this sampler runs with this schedule and steps; loads nothing."""
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
    """Raise `ConfigError` unless the schedule can be spread over so many steps."""
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
    """A fresh scheduler for one run of a checkpoint whose own scheduler config is `config`.

    What the checkpoint was trained on (betas, prediction type) stays; sampler and schedule are
    set. `steps` are those of the whole schedule. `seed` is the run's: DPM++ SDE draws its Brownian
    noise from it, on the latents' device; the others draw from the pipeline's generator and take no
    notice of it.

    Raises:
        ConfigError: sampler, schedule and steps cannot be honoured together, or the checkpoint was
            trained in a way that the sampler does not know. Nothing is replaced in silence.
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
    # Of what is said for another class diffusers would print a notice into somebody's cell.
    known = {name: one for name, one in config.items() if name in accepted or name.startswith("_")}
    return scheduler.from_config(
        known, **{name: value for name, value in arguments.items() if name in accepted}
    )


def with_prediction(config: Mapping[str, Any], prediction_type: str) -> dict[str, Any]:
    """A checkpoint's scheduler config with what a person says that its denoiser predicts."""
    said = {} if prediction_type == AUTOMATIC_PREDICTION else {"prediction_type": prediction_type}
    return {**config, **said}


def most_steps(sampler: str, schedule: str) -> int:
    """Over how many steps the schedule can be spread at most."""
    method = SAMPLERS[sampler]
    return method.schedules[_meant(method, schedule, {})].most


def applied_schedule(
    sampler: str, schedule: str, config: Mapping[str, Any], steps: int | None = None
) -> str:
    """The schedule that runs when `schedule` is asked of a checkpoint; "automatic" is resolved."""
    return _meant(SAMPLERS[sampler], schedule, config, steps)


def _meant(
    method: Sampler, schedule: str, config: Mapping[str, Any], steps: int | None = None
) -> str:
    """The schedule that is run when `schedule` is asked of this checkpoint for so many steps.

    A checkpoint trained down to pure noise says "trailing", and gives grey pictures when its first
    step is not the noisiest: automatic keeps its even steps trailing (arXiv 2305.08891). Where the
    method's own schedule cannot take so few steps, automatic is one that can.
    """
    if schedule != "automatic":
        return schedule
    if config.get("timestep_spacing") == "trailing" and method.automatic in ("normal", "ddim"):
        return "simple"
    # Not every such checkpoint says trailing; DDIM's own steps would begin below the noisiest.
    if config.get("rescale_betas_zero_snr") and method.automatic == "ddim":
        return "simple"
    if steps is not None and not method.schedules[method.automatic].takes(steps):
        others = [name for name, spacing in method.schedules.items() if spacing.takes(steps)]
        return others[-1] if others else method.automatic
    return method.automatic


def _own_noise(sampler: str, seed: int | None) -> int:
    """The seed of a sampler that draws its own noise through torchsde."""
    if seed is None:
        raise ConfigError(f"sampler {sampler!r} draws its own noise; give it the run's seed")
    # torchsde rounds the ends of its interval to six digits, is asked for a hair more by float32
    # noise levels, clamps, and warns at each of them.
    warnings.filterwarnings("ignore", "Should have t[ab][<>]=t[01]", UserWarning, "torchsde")
    return seed


def check_training(sampler: str, prediction_type: str, *, zero_terminal_snr: bool) -> None:
    """Raise `ConfigError` unless this sampler runs a checkpoint trained so; loads nothing."""
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
