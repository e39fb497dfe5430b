"""Samplers and schedules by their well-known names, made as diffusers schedulers.

The sampler is the method that removes the noise; the schedule distributes the noise over the steps.
The names are those of AUTOMATIC1111's menus and infotext, the classes are those of diffusers 0.42.
A combination that diffusers does not support is refused, never replaced silently.

The tables are strings: importing this module loads neither torch nor diffusers.

Source: AUTOMATIC1111 modules/sd_samplers_kdiffusion.py, sd_schedulers.py; diffusers/schedulers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.errors import ConfigError

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
    "DEIS": Sampler(
        "DEISMultistepScheduler",
        "karras",
        _MULTISTEP,
        {
            "solver_order": 2,
            "algorithm_type": "deis",
            "solver_type": "logrho",
            "thresholding": False,
            "lower_order_final": True,
        },
    ),
    "DDPM": Sampler("DDPMScheduler", "ddim", _DDIM, {**_LATENTS, "variance_type": "fixed_small"}),
    "LCM": Sampler("LCMScheduler", "automatic", _LCM, _LATENTS),
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
