"""options: what a client chooses for its later requests; kept until the server ends."""

from typing import Any

from medialab.api.http.a1111.requests import OptionsRequest
from medialab.api.http.a1111.settings import settings_of_options
from medialab.api.http.operation import Asked, Operation
from medialab.api.messages import Answer
from medialab.api.requests import FailureAnswer
from medialab.api.service import Service
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ModelNotFoundError

_MODELS = ("checkpoint", "vae")


async def read_options(asked: Asked) -> Answer:
    """Return the options that there are here, as this client chose them."""
    return Answer(200, await asked.in_thread(_options, asked.service, asked.owner))


async def choose_options(asked: Asked) -> Answer:
    """Choose options for this client's later requests; the answer names those not here."""
    options = asked.body(OptionsRequest).model_dump(exclude_unset=True)
    settings, unknown = settings_of_options(options)
    await asked.until_ready()
    await asked.in_thread(_check, asked.service, settings)
    asked.service.chosen[asked.owner] = asked.service.chosen.get(asked.owner, {}) | settings
    return Answer(200, {"not_applied": unknown})


def _check(service: Service, settings: dict[str, Any]) -> None:
    """Refuse options that no picture can be made with.

    Raises:
        ConfigError: a value is invalid.
        ModelNotFoundError: there is no such model.
    """
    config = PipelineConfig.parse(settings)
    for kind in _MODELS:
        name = getattr(config, kind)
        known = [one.name for one in service.bench.models(kind)]
        if kind in settings and name and name not in known:
            raise ModelNotFoundError.among(name, kind, "the models folders", known)


def _options(service: Service, owner: str) -> dict[str, Any]:
    config = PipelineConfig.parse(
        {"checkpoint": service.bench.default_checkpoint} | service.chosen.get(owner, {})
    )
    infos = [one for one in service.bench.models("checkpoint") if one.name == config.checkpoint]
    known = service.registry.known_sha256(infos[0]) if infos else None
    return {
        "sd_model_checkpoint": config.checkpoint,
        "sd_checkpoint_hash": known or "",
        "sd_vae": config.vae or "Automatic",
        "CLIP_stop_at_last_layers": config.clip_skip,
        "emphasis": config.emphasis.capitalize(),
        "samples_format": "png",
    }


OPERATIONS = (
    Operation("GET", "/sdapi/v1/options", read_options, {200: ("application/json",)}),
    Operation(
        "POST",
        "/sdapi/v1/options",
        choose_options,
        {200: ("application/json",), **dict.fromkeys((400, 404, 415, 422, 503), FailureAnswer)},
        bodies=(OptionsRequest,),
    ),
)
