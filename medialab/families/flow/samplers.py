"""The samplers and schedules of flow matching: one table.

Importing this module loads neither torch nor diffusers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# The even lists that pipelines pass: down to the last step's share of the noise, or to the cleanest
# training step, as diffusers' scheduler makes it without a list and ComfyUI calls "normal".
SIMPLE, NORMAL = "simple", "normal"

# Schedules -> settings of diffusers' scheduler. "ddim" is none of them: it starts below pure noise,
# from which such a denoiser has to start. ComfyUI's "sgm uniform" differs from "simple" by one of
# 1,000 training steps; here they are one.
SCHEDULES: Mapping[str, Mapping[str, bool]] = {
    SIMPLE: {},
    NORMAL: {},
    "sgm uniform": {},
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
}


@dataclass(frozen=True)
class Method:
    """A sampler in flow matching.

    Attributes:
        solver: Module and class in `medialab.families.flow.solvers`.
        draws: Whether it draws new noise at each step.
        note: A note for the record of each run.
    """

    solver: str
    draws: bool = False
    note: str = ""


_DRAWS = "new noise is drawn at each step, from the seed: the stochastic form of flow matching"

METHODS: Mapping[str, Method] = {
    "Euler": Method("euler.FlowEuler"),
    "Euler a": Method("stochastic.FlowEulerAncestral", draws=True, note=_DRAWS),
    "Heun": Method("two_calls.FlowHeun"),
    "DPM++ 2M": Method("multistep.FlowDPMSolverMultistep"),
    "DPM++ 2M SDE": Method("multistep.FlowSDEDPMSolverMultistep", draws=True, note=_DRAWS),
    "DPM++ SDE": Method("two_calls.FlowSDEDPMSolverSinglestep", draws=True, note=_DRAWS),
    "DPM2": Method("two_calls.FlowDPM2"),
    "DPM2 a": Method("two_calls.FlowDPM2Ancestral", draws=True, note=_DRAWS),
    "LMS": Method("multistep.FlowLMS"),
    # Both go straight to the picture that is seen: (1 - t) · picture + t · noise.
    "DDIM": Method("euler.FlowEuler", note="with flow matching, DDIM is the same as Euler"),
    "UniPC": Method("unipc.FlowUniPC"),
    "DEIS": Method("multistep.FlowDEIS"),
    "DDPM": Method("stochastic.FlowDDPM", draws=True, note=_DRAWS),
    "LCM": Method("stochastic.FlowLCM", draws=True, note=_DRAWS),
}
