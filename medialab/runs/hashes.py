"""Hashes of a request's models: stored when it is resolved, compared when it runs again."""

from collections.abc import Sequence
from contextlib import suppress

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.listing.snapshot import Snapshot
from medialab.runs.plan import StageRequest, stages_of
from medialab.runs.used_models import optional_models
from medialab.settings.fields import names_in_list
from medialab.stage import Model


def hashes_of(
    config: PipelineConfig, stages: Sequence[StageRequest], listing: Snapshot
) -> dict[str, str]:
    """Return the hashes of a run's models, except its own checkpoint, by "kind/name"."""
    named = names_in_list(config.text_encoder) if config.is_drawn else []
    encoders = [Model("text encoder", name) for name in named]
    models = dict.fromkeys([*(model for one in stages for model in one.models), *encoders])
    models.pop(Model("checkpoint", config.checkpoint), None)
    return {
        f"{model.kind}/{model.name}": listing.sha256(listing.find(model.name, model.kind))
        for model in models
    }


def hashes_if_there(models: Sequence[Model], listing: Snapshot) -> dict[str, str]:
    """Return the hashes of those of these models that are here, by "kind/name"."""
    found = {}
    for model in models:
        with suppress(ModelNotFoundError, ModelRefusedError):
            info = listing.find(model.name, model.kind)
            found[f"{model.kind}/{model.name}"] = listing.sha256(info)
    return found


def refuse_replaced(
    config: ResolvedConfig, stages: Sequence[StageRequest], listing: Snapshot
) -> None:
    """Refuse a resolved config one of whose models was replaced by another file.

    Raises:
        ModelRefusedError: one was; the message names the model and both hashes.
    """
    embeddings = [Model("embedding", name) for name in config.embeddings()]
    untied = optional_models(config, stages)
    for model in [*_models_of(config, stages), *embeddings]:
        if model in untied:
            continue
        sha256 = config.sha256_of(*model)
        info = listing.find_same(model.name, model.kind, sha256)
        was, now = sha256 or "nothing", listing.sha256(info)
        if was != now:
            message = (
                f"{model.kind} {model.name!r} is another file now: this picture was made "
                f"with {was[:10]}, {info.path.name} is {now[:10]}. Put "
                "the old file back, or run config.asked() to use the new one."
            )
            raise ModelRefusedError(message)


def lacks_a_name(config: ResolvedConfig, listing: Snapshot) -> bool:
    """Return whether a model of a resolved config is not here under its name."""
    try:
        for model in _models_of(config, stages_of(config)):
            listing.find(model.name, model.kind)
    except ModelNotFoundError:
        return True
    except ModelRefusedError:
        return False
    return False


def _models_of(config: PipelineConfig, stages: Sequence[StageRequest]) -> list[Model]:
    """Return every model that a request uses: the checkpoint if any draws, the stages' own."""
    base = [Model("checkpoint", config.checkpoint)] if config.is_drawn else []
    named = [*base, *(model for one in stages for model in one.models)]
    return list(dict.fromkeys(named))
