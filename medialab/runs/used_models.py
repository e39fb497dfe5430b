"""The models that a picture needs, and the optional ones that it can be made without.

A request may name more models than its picture needs: detectors after the one that succeeded, a
checkpoint that got no step, the LoRAs of a face that was not found. If those are lost or replaced,
the same picture can still be made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from medialab.config.resolved import EMBEDDING, TEXT_ENCODER, ResolvedConfig
from medialab.infotext.applied import applied_in
from medialab.runs.plan import PicturePlan, StageRequest
from medialab.stage import Model


def without_unused_hashes(picture: PicturePlan, record: Mapping[str, Any]) -> ResolvedConfig:
    """Return a picture's config without the hashes of models that were not used.

    Args:
        picture: the plan.
        record: how it was made.
    """
    applied, config = applied_in(record), picture.config
    used = set()
    for one in picture.stages:
        values = applied.get(one.name)
        models = one.models if values is None else one.stage.models_used(one.settings, values)
        used |= {f"{model.kind}/{model.name}" for model in models}
    hashes = {
        name: sha256
        for name, sha256 in config.models_sha256.items()
        if name in used or name.startswith((EMBEDDING, TEXT_ENCODER))
    }
    return config.model_copy(update={"models_sha256": hashes})


def optional_models(config: ResolvedConfig, stages: Sequence[StageRequest]) -> list[Model]:
    """Return the stages' models that a config has no hash of, and that it can be made without."""
    found: dict[Model, None] = {}
    needed: set[Model] = set()
    for one in stages:
        found |= dict.fromkeys(one.models)
        needed |= {*one.stage.models_used(one.settings, {})}
    return [one for one in found if one not in needed and not config.sha256_of(*one)]
