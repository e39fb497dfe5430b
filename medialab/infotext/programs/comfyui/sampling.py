"""How one sampler node removes noise: its steps, sampler, schedule, guidance and seed.

Source: ComfyUI nodes.py KSampler and KSamplerAdvanced; comfy_extras/nodes_custom_sampler.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from medialab.infotext.programs.comfyui.found import Found
from medialab.infotext.programs.comfyui.graph import Link, Node, UnknownValueError
from medialab.infotext.programs.comfyui.routes import Routes

# Nodes that make a schedule of one kind, by the name it has among the schedulers.
_SCHEDULES: Mapping[str, str] = {
    "KarrasScheduler": "karras",
    "ExponentialScheduler": "exponential",
    "BetaSamplingScheduler": "beta",
}
# Nodes that are one sampler with options of its own.
_SAMPLERS: Mapping[str, str] = {
    "SamplerEulerAncestral": "euler_ancestral",
    "SamplerEulerAncestralCFGPP": "euler_ancestral_cfg_pp",
    "SamplerEulerCFGpp": "euler_cfg_pp",
    "SamplerDPMPP_2M_SDE": "dpmpp_2m_sde",
    "SamplerDPMPP_3M_SDE": "dpmpp_3m_sde",
    "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerDPMAdaptative": "dpm_adaptive",
    "SamplerLMS": "lms",
    "SamplerLCM": "lcm",
    "SamplerLCMUpscale": "lcm",
    "SamplerER_SDE": "er_sde",
}
_WHOLE_BETA = 0.6  # alpha and beta of the schedule "beta"


@dataclass
class Sampling:
    """What one sampler node does.

    Attributes:
        found: Its steps, sampler, schedule, guidance and seed.
        strength: The share of the noise that it adds and removes; None if unknown.
        steps: Its steps; None if unknown.
        start: The step that it starts at.
        end: The step that it ends before; None for the last one.
        adds_noise: Whether it adds noise; otherwise it goes on with what another left.
        model: The link of its model.
        prompts: The links of its prompts, by "Prompt" and "Negative prompt".
    """

    found: Found = field(default_factory=Found)
    strength: float | None = 1.0
    steps: int | None = None
    start: int = 0
    end: int | None = None
    adds_noise: bool = True
    model: Link | None = None
    prompts: dict[str, Link] = field(default_factory=dict)


def read_sampling(node: Node, routes: Routes) -> Sampling:
    """Return what a sampler node does."""
    one = Sampling()
    if node.type == "SamplerCustomAdvanced":
        _read_advanced(one, node, routes)
    else:
        values = routes.values
        seed = "noise_seed" if "noise_seed" in node.inputs else "seed"
        one.found.take("Seed", lambda: _whole(values.number(node, seed)))
        one.found.take("CFG scale", lambda: values.number(node, "cfg"))
        one.model = node.link("model")
        _add_prompts(one, node)
        one.adds_noise = node.inputs.get("add_noise", True) not in (False, "disable")
        if node.type == "SamplerCustom":
            _read_sigmas(one, node.link("sigmas"), routes)
            _read_sampler(one, node.link("sampler"), routes)
        else:
            _read_plain(one, node, routes)
    if not one.adds_noise:
        one.found.items.pop("Seed", None)
        one.found.unknown.pop("Seed", None)
    return one


def _read_plain(one: Sampling, node: Node, routes: Routes) -> None:
    values, found = routes.values, one.found
    one.steps = found.take("Steps", lambda: _whole(values.number(node, "steps")))
    found.take("Sampler", lambda: values.text(node, "sampler_name"))
    found.take("Schedule type", lambda: values.text(node, "scheduler"))
    if "denoise" in node.inputs:
        one.strength = _known(lambda: values.number(node, "denoise"))
    for name in ("start_at_step", "end_at_step"):
        at = _known(partial(values.number, node, name)) if name in node.inputs else None
        if at is not None and name == "start_at_step":
            one.start = int(at)
        elif at is not None and (one.steps is None or at < one.steps):
            one.end = int(at)


def _read_advanced(one: Sampling, node: Node, routes: Routes) -> None:
    values, found = routes.values, one.found
    noise = _source(routes, node.link("noise"))
    one.adds_noise = noise is None or noise.type != "DisableNoise"
    found.take("Seed", lambda: _whole(values.number(_given(noise, "noise"), "noise_seed", "seed")))
    guider = _source(routes, node.link("guider"))
    if guider is None or guider.link("model") is None:
        found.unknown["CFG scale"] = _unknown(guider, "guider")
    else:
        one.model = guider.link("model")
        _add_prompts(one, guider)
        if guider.type == "BasicGuider":
            found.items["CFG scale"] = "1"  # it reads no negative prompt
        else:
            found.take("CFG scale", lambda: values.number(guider, "cfg", "cfg_conds"))
    _read_sigmas(one, node.link("sigmas"), routes)
    _read_sampler(one, node.link("sampler"), routes)


def _add_prompts(one: Sampling, node: Node) -> None:
    for key, names in (
        ("Prompt", ("positive", "conditioning", "cond1")),
        ("Negative prompt", ("negative",)),
    ):
        if (link := node.link(*names)) is not None:
            one.prompts[key] = link


def _read_sampler(one: Sampling, link: Link | None, routes: Routes) -> None:
    sampler = _source(routes, link)
    if sampler is not None and sampler.type in _SAMPLERS:
        one.found.items["Sampler"] = _SAMPLERS[sampler.type]
    elif sampler is not None and "sampler_name" in sampler.inputs:
        one.found.take("Sampler", lambda: routes.values.text(sampler, "sampler_name"))
    else:
        one.found.unknown["Sampler"] = _unknown(sampler, "sampler")


def _read_sigmas(one: Sampling, link: Link | None, routes: Routes) -> None:
    """Read the schedule, from the node that makes it through those that cut it."""
    values, found = routes.values, one.found
    maker: Node | None = None
    try:
        for node, slot in routes.chain(link, "sigmas"):
            maker = node
            if node.type != "SplitSigmas":
                continue
            if slot == 0:
                one.end = int(values.number(node, "step"))
            else:
                one.start = int(values.number(node, "step"))
    except UnknownValueError as error:
        found.unknown["Steps"] = found.unknown["Schedule type"] = str(error)
        one.strength = None
        return
    if maker is None or not {"steps", "sigmas", "scheduler"} & maker.inputs.keys():
        found.unknown["Steps"] = found.unknown["Schedule type"] = _unknown(maker, "schedule")
        one.strength = None
        return
    if "steps" in maker.inputs:
        one.steps = found.take("Steps", lambda: _whole(values.number(maker, "steps")))
    else:
        one.steps = found.take("Steps", lambda: _listed_steps(values.text(maker, "sigmas")))
    if "denoise" in maker.inputs:
        one.strength = _known(lambda: values.number(maker, "denoise"))
    if "scheduler" in maker.inputs:
        found.take("Schedule type", lambda: values.text(maker, "scheduler"))
    else:
        found.items["Schedule type"] = _SCHEDULES.get(maker.type, maker.type)
    shape = [maker.inputs.get(name, _WHOLE_BETA) for name in ("alpha", "beta")]
    if maker.type == "BetaSamplingScheduler" and shape != [_WHOLE_BETA] * 2:
        found.unknown["Schedule shape"] = "the schedule beta has alpha and beta 0.6 here"


def _listed_steps(sigmas: str) -> int:
    levels = re.findall(r"\d+\.?\d*", sigmas[:10_000])
    if len(levels) < 2:
        raise UnknownValueError("the graph's list of noise levels is empty")
    return len(levels) - 1


def _source(routes: Routes, link: Link | None) -> Node | None:
    try:
        at = routes.source(link)
    except UnknownValueError:
        return None
    return at[0] if at else None


def _given(node: Node | None, what: str) -> Node:
    if node is None:
        raise UnknownValueError(_unknown(node, what))
    return node


def _unknown(node: Node | None, what: str) -> str:
    if node is None:
        return f"the graph has no {what}"
    return f"it is made by a node {node.type}, which is not known here"


def _known(value: Callable[[], float]) -> float | None:
    try:
        return value()
    except UnknownValueError:
        return None


def _whole(value: float) -> int:
    if value != int(value):
        raise UnknownValueError(f"the graph has {value!r:.40}, which is no whole number")
    return int(value)
