"""The studio's capabilities, as one dict for programs: stages, their settings, every choice."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import AfterValidator, BaseModel

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families import RUNNING
from medialab.listing.runnable import most_edited
from medialab.loading.defaults import defaults_of, samplers_of
from medialab.loading.registry import ModelInfo
from medialab.process.versions import all_versions, program_version
from medialab.prompts import Styles
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import NameOf, OneOf
from medialab.settings.samplers import SAMPLERS, SCHEDULES
from medialab.stage import PipelineStage
from medialab.stages import STAGES
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.refiner import RefinerConfig
from medialab.stages.upscaler import UpscalerConfig

if TYPE_CHECKING:
    from medialab.workbench import Workbench


def capabilities(bench: "Workbench") -> dict[str, Any]:
    """Return versions, device, the stages in their order, and the names that settings may have.

    All of it is derived from the config models, so that it cannot disagree with them.

    Returns:
        A dict that can be written as JSON. Each stage has `settings`, a JSON schema with limits,
        defaults and descriptions; `choices`, the valid names of the settings that take names; and
        `field`, the place of its settings in a config: under that name, or at the top if None.
        Each of `checkpoints` has its `family`; its `guidance`, one of "true" (the negative prompt
        is compared), "distilled" (besides, it is told a distilled_guidance_scale) and "none" (no
        scale has an effect); `samplers`, those that run it, each with its schedules;
        `edit_pictures`, how many pictures it reads in the mode
        "instruct", the start picture included, 0 if it does not edit; and `defaults`, settings to
        begin with, None if the size of its training is not known.
    """
    models = [info for info in bench.models() if info.refused is None]
    usable: dict[str, list[str]] = {}
    for info in models:
        usable.setdefault(info.kind, []).append(info.name)

    with suppress(ConfigError):  # an unreadable styles.csv counts as no styles
        usable["style"] = list(Styles.load(bench.registry.folder / "styles.csv").known)

    def names(model: type[BaseModel], field: str) -> list[str]:
        return _choices(model, usable)[field]

    return {
        "version": program_version(),
        "versions": dict(all_versions()),
        "device": bench.device,
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "field": stage.name if stage.name in PipelineConfig.model_fields else None,
                "settings": schema_of(_settings_of(stage)),
                "choices": _choices_of(stage, usable),
            }
            for stage in STAGES
        ],
        "checkpoints": {info.name: _begun(info) for info in models if info.kind == "checkpoint"},
        "modes": names(PipelineConfig, "mode"),
        # Each sampler with the schedules that it supports with some checkpoint.
        "samplers": {name: ["automatic", *one.schedules] for name, one in SAMPLERS.items()},
        "schedules": dict(SCHEDULES),
        "detectors": names(DetailerConfig, "detector"),
        "upscalers": names(UpscalerConfig, "upscaler"),
        "refiner_upscalers": names(RefinerConfig, "upscaler"),
        "preprocessors": names(ControlUnit, "preprocessor"),
        "resize_modes": names(PipelineConfig, "resize_mode"),
        "emphases": names(PipelineConfig, "emphasis"),
    }


def _settings_of(stage: PipelineStage[Any]) -> type[BaseModel]:
    settings: type[BaseModel] = stage.settings
    return settings


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model; it is made once, since that takes a tenth of a second."""
    return model.model_json_schema()


def _begun(info: ModelInfo) -> dict[str, Any]:
    """Return a checkpoint's family, its kind of guidance, its samplers, and its defaults."""
    defaults: dict[str, Any] | None = None
    family = RUNNING[info.family]
    with suppress(ModelRefusedError):  # its size is not known: a request has to say it
        defaults = defaults_of(info)
    return {
        "family": info.family,
        "guidance": family.guidance_of(info.edition, is_file=info.path.is_file()),
        "edit_pictures": most_edited(info),
        "samplers": samplers_of(info),
        "defaults": defaults,
    }


def _choices_of(stage: PipelineStage[Any], usable: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the names that each setting of a stage may have, as a request takes them."""
    if stage.name in PipelineConfig.model_fields:
        return _choices(stage.settings, usable)
    at_top = _choices(PipelineConfig, usable)
    return {name: at_top[name] for name in stage.settings.model_fields if name in at_top}


def _choices(model: type[BaseModel], usable: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return, by setting, the valid names of a model's settings that take only certain names."""
    found: dict[str, list[str]] = {}
    for field, info in model.model_fields.items():
        for mark in (*info.metadata, *_marks(info.annotation)):
            if isinstance(mark, AfterValidator) and isinstance(mark.func, OneOf):
                found[field] = list(mark.func.choices)
            elif isinstance(mark, NameOf):
                found[field] = [*mark.also, *usable.get(mark.kind, ())]
    return found


def _marks(annotation: Any) -> Iterator[Any]:
    """Yield the metadata in a type such as `Annotated[str, NameOf("vae")] | None`."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        if not isinstance(part, type) or not issubclass(part, BaseModel):
            yield from _marks(part)
