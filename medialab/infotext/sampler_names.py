"""The names of samplers and schedules in other programs: one table.

A1111 and Forge write "DPM++ 2M Karras", ComfyUI, SwarmUI and Fooocus `dpmpp_2m_sde_gpu`, NovelAI
`k_euler_ancestral`, InvokeAI `dpmpp_2m_k`, diffusers `EulerAncestralDiscreteScheduler`. A sampler
that is not available here has no entry: it is refused by name, never replaced by another.

Source: A1111's modules/sd_samplers_kdiffusion.py and sd_schedulers.py; ComfyUI's comfy/samplers.py;
InvokeAI's stable_diffusion/schedulers; SD.Next's modules/sd_samplers_diffusers.py.
"""

import re
from collections.abc import Mapping

from medialab.errors import ConfigError
from medialab.settings.samplers import SAMPLERS, SCHEDULES

# Other programs' names of our samplers that differ by more than spelling: our name -> theirs, as
# the joined result of `_words`.
_SAMPLERS_CALLED: Mapping[str, tuple[str, ...]] = {
    "Euler": ("eulerdiscretescheduler",),
    "Euler a": ("eulerancestraldiscretescheduler",),
    "Heun": ("heundiscretescheduler",),
    "DPM++ 2M": ("dpm2pp2m", "dpmpp2", "dpmsolvermultistepscheduler"),
    "DPM++ 2M SDE": ("dpm2pp2msde",),
    "DPM++ SDE": ("dpmsde", "dpmsolversdescheduler"),
    "DPM2": ("kdpm2", "kdpm2discretescheduler"),
    "DPM2 a": ("kdpm2a", "kdpm2ancestraldiscretescheduler"),
    "LMS": ("lmsd", "lmsdiscretescheduler"),
    "DDIM": ("ddimv3", "ddimscheduler"),
    "UniPC": ("unipcbh2", "unipcmultistepscheduler"),
    "DEIS": ("deismultistepscheduler",),
    "DDPM": ("ddpmscheduler",),
    "LCM": ("lcmscheduler",),
}
# A1111's "Uniform" spaces the training steps evenly, like ComfyUI's "normal"; NovelAI's "native" is
# the model's own schedule, which is the same.
_SCHEDULES_CALLED: Mapping[str, tuple[str, ...]] = {
    "automatic": ("", "auto", "default"),
    "normal": ("uniform", "native", "linear"),
    "ddim": ("ddim uniform", "ddimuniform"),
    "sgm uniform": ("sgmuniform", "sgm"),
    "simple": ("trailing",),
}
_SCHEDULES = {name: name for name in SCHEDULES} | {
    other: name for name, others in _SCHEDULES_CALLED.items() for other in others
}
_LONGEST_NAME = 80  # characters; no program uses a longer name
# Words that do not distinguish samplers: where noise is drawn, or the kind of thing.
_IDLE = {"gpu", "scheduler", "sampler"}
_BEFORE = {"k", "sample"}


def parse_sampler_name(name: str) -> tuple[str, str]:
    """Return our sampler and schedule for another program's name, such as "DPM++ 2M Karras".

    Raises:
        ConfigError: no sampler here has that name.
    """
    words = _words(name)
    if len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    if len(words) > 1 and words[-1] == "k":  # InvokeAI's
        words[-1] = "karras"
    for end in range(len(words), 0, -1):
        sampler = _BY_NAME.get("".join(words[:end]))
        schedule = _SCHEDULES.get(" ".join(words[end:]))
        if sampler is not None and schedule is not None:
            return sampler, schedule
    shown = name[:_LONGEST_NAME]
    raise ConfigError(f"no sampler {shown!r}; choose one of {', '.join(SAMPLERS)}")


def parse_schedule_name(name: str) -> str:
    """Return our schedule for another program's name.

    Raises:
        ConfigError: no schedule here has that name.
    """
    schedule = _SCHEDULES.get(" ".join(_words(name)))
    if schedule is None:
        shown = name[:_LONGEST_NAME]
        raise ConfigError(f"no schedule {shown!r}; choose one of {', '.join(SCHEDULES)}")
    return schedule


def _words(name: str) -> list[str]:
    """Split a name into normalised words for comparison: "DPM++ 2M a" becomes dpmpp, 2m, a."""
    if len(name) > _LONGEST_NAME:
        return [name]  # too long to be a known name
    plain = name.casefold().replace("++", "pp")
    words = [word for word in re.split(r"[\s_/-]+", plain) if word and word not in _IDLE]
    return ["a" if word == "ancestral" else word for word in words]


_BY_NAME: Mapping[str, str] = {"".join(_words(name)): name for name in SAMPLERS} | {
    other: name for name, others in _SAMPLERS_CALLED.items() if name in SAMPLERS for other in others
}
