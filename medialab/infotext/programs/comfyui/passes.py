"""One denoising of a graph with all that it uses, and which of several the settings are of."""

from collections.abc import Sequence
from dataclasses import dataclass

from medialab.infotext.programs.comfyui.branch import Pass
from medialab.infotext.programs.comfyui.models import Models, read_models
from medialab.infotext.programs.comfyui.prompts import Conditioning, read_conditioning
from medialab.infotext.programs.comfyui.routes import Routes
from medialab.infotext.programs.comfyui.sampling import Sampling, read_sampling

NOT_SAID = "the graph does not say it"
_MOST_PASSES = 20
_SCRIPTS = {"script", "options", "hook", "sampler_settings", "guides"}


@dataclass
class DrawnPass:
    """One pass with all that it uses."""

    of: Pass
    sampling: Sampling
    conditioning: Conditioning
    models: Models


def read_passes(passes: Sequence[Pass], routes: Routes) -> list[DrawnPass]:
    """Return the denoisings of a branch with all that they use, the first ones of very many."""
    return [_read_pass(one, routes) for one in passes[:_MOST_PASSES]]


def _read_pass(one: Pass, routes: Routes) -> DrawnPass:
    sampling = read_sampling(one.sampler, routes)
    conditioning = read_conditioning(sampling.prompts, routes)
    models = read_models(sampling.model, conditioning.clip, routes)
    return DrawnPass(one, sampling, conditioning, models)


def from_noise_on(drawn: list[DrawnPass]) -> list[DrawnPass]:
    """Return the passes from the last one on that draws everything anew, from noise alone."""
    for at in range(len(drawn) - 1, 0, -1):
        sampling = drawn[at].sampling
        if sampling.adds_noise and sampling.strength == 1 and not sampling.start:
            return drawn[at:]
    return drawn


def scripts_of(passes: Sequence[Pass], routes: Routes) -> dict[str, None]:
    """Return the types of nodes that tell samplers of other packages to do more."""
    found: dict[str, None] = {}
    for one in passes[:_MOST_PASSES]:
        for name, link in one.sampler.links.items():
            if name in _SCRIPTS and (node := routes.graph.source(link)):
                found[node.type] = None
    return found


def strength_of(sampling: Sampling) -> float | None:
    """Return the share of the noise that a pass adds and removes; None if unknown."""
    if sampling.start and sampling.steps:
        return max(0.0, 1 - sampling.start / sampling.steps)
    return sampling.strength
