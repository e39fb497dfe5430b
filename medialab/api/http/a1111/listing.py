"""The lists that A1111's clients offer: models, samplers, schedulers, upscalers."""

import json
from collections.abc import Callable
from typing import Any

from medialab.api.http.operation import Asked, Content, Operation
from medialab.api.service import Service
from medialab.infotext.shown_names import schedule, shown_upscaler
from medialab.listing.info import ModelInfo
from medialab.settings.choices import LATENT_UPSCALERS, PIXEL_UPSCALERS
from medialab.settings.samplers import SAMPLERS, SCHEDULES

_JSON = "application/json"
Listed = list[dict[str, Any]]


def checkpoints(service: Service) -> Listed:
    """List the checkpoints; no path of the server is told."""
    return [_checkpoint(service, one) for one in _usable(service, "checkpoint")]


def vaes(service: Service) -> Listed:
    """List the VAEs."""
    return [{"model_name": one.name, "filename": one.name} for one in _usable(service, "vae")]


def loras(service: Service) -> Listed:
    """List the LoRAs, by the names that prompts use."""
    return [
        {"name": one.name, "alias": one.name, "path": one.name, "metadata": {}}
        for one in _usable(service, "lora")
    ]


def samplers(_service: Service) -> Listed:
    """List the samplers."""
    return [{"name": name, "aliases": [], "options": {}} for name in SAMPLERS]


def schedulers(_service: Service) -> Listed:
    """List the schedules, as A1111 calls them."""
    return [
        {
            "name": name,
            "label": schedule(name),
            "aliases": [],
            "default_rho": -1,
            "need_inner_model": False,
        }
        for name in SCHEDULES
    ]


def upscalers(service: Service) -> Listed:
    """List the upscalers of pictures."""
    names = [*map(shown_upscaler, PIXEL_UPSCALERS)]
    names += [one.name for one in _usable(service, "upscaler")]
    facts = {"model_name": None, "model_path": None, "model_url": None, "scale": 4}
    return [{"name": name} | facts for name in names]


def latent_upscalers(_service: Service) -> Listed:
    """List the upscalers of latents."""
    return [{"name": shown_upscaler(name)} for name in LATENT_UPSCALERS]


def _usable(service: Service, kind: str) -> list[ModelInfo]:
    return [one for one in service.bench.models(kind) if not one.refused]


def _checkpoint(service: Service, info: ModelInfo) -> dict[str, Any]:
    sha256 = service.registry.known_sha256(info)
    return {
        "title": f"{info.name} [{sha256[:10]}]" if sha256 else info.name,
        "model_name": info.name,
        "hash": sha256[:10] if sha256 else None,
        "sha256": sha256,
        "filename": info.name,
        "config": None,
    }


def _operation(path: str, lists: Callable[[Service], Any]) -> Operation:
    async def does(asked: Asked) -> Content:
        found = await asked.in_thread(lists, asked.service)
        return Content(json.dumps(found).encode(), _JSON)

    does.__doc__ = lists.__doc__
    does.__name__ = f"list_{lists.__name__}"
    return Operation("GET", f"/sdapi/v1/{path}", does, {200: (_JSON,)})


def scripts(_service: Service) -> dict[str, list[str]]:
    """List the scripts: there are none."""
    return {"txt2img": [], "img2img": []}


OPERATIONS = tuple(
    _operation(path, lists)
    for path, lists in (
        ("sd-models", checkpoints),
        ("sd-vae", vaes),
        ("loras", loras),
        ("samplers", samplers),
        ("schedulers", schedulers),
        ("upscalers", upscalers),
        ("latent-upscale-modes", latent_upscalers),
        ("scripts", scripts),
    )
)
