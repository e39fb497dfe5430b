"""What a picture is tied to: the models without which it would be another one.

A request names more models than a picture may need: detectors behind the one that found any, a
checkpoint that was left no step, the LoRAs of a face that was not there. Those can be lost, or be
other files, and the picture is made again all the same.
"""

from collections.abc import Mapping
from typing import Any

from medialab.config.resolved import EMBEDDING, ResolvedConfig
from medialab.infotext.applied import applied_in
from medialab.stage import Model
from medialab.stages import STAGES


def tied_to_what_ran(config: ResolvedConfig, record: Mapping[str, Any]) -> ResolvedConfig:
    """Return a single picture's config without the hashes of models that had no part in it."""
    applied = applied_in(record)
    used = set()
    for stage in STAGES:
        if config.runs(stage.name):
            settings = config.settings_for(stage.name, stage.settings)
            told = applied.get(stage.name)
            models = stage.models(settings) if told is None else stage.models_used(settings, told)
            used |= {f"{model.kind}/{model.name}" for model in models}
    ties = {
        name: sha256
        for name, sha256 in config.models_sha256.items()
        if name in used or name.startswith(EMBEDDING)
    }
    return config.model_copy(update={"models_sha256": ties})


def may_be_untied(config: ResolvedConfig) -> list[Model]:
    """Return the models that a config names, has no hash of, and may have been made without."""
    found: dict[Model, None] = {}
    needed: set[Model] = set()
    for stage in STAGES:
        if config.runs(stage.name):
            settings = config.settings_for(stage.name, stage.settings)
            found |= dict.fromkeys(stage.models(settings))
            needed |= {*stage.models_used(settings, {})}
    return [one for one in found if one not in needed and not config.sha256_of(*one)]
