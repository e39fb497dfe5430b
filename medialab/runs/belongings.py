"""Edited detections and masks are used only with the picture that they were made for.

A picture that is not made yet is identified by everything that decides it: settings, seed, the
hashes of the models and the start picture. This identity is the same on every machine, whatever its
threads.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.settings.sampling import SamplingConfig
from medialab.stages import STAGES
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.detailer.stage import DetailerStage
from medialab.stages.prompt import PromptStage

_FIRST_DETAILER = next(n for n, stage in enumerate(STAGES) if isinstance(stage, DetailerStage))
_LAST_MODE = max(n for n, stage in enumerate(STAGES[:_FIRST_DETAILER]) if stage.is_mode)
# Stages that decide the picture that stage 3 returns, and those that enlarge it for the detailers.
_BASE, _AFTER_BASE = STAGES[: _LAST_MODE + 1], STAGES[_LAST_MODE + 1 : _FIRST_DETAILER]


@dataclass(frozen=True)
class SetAside:
    """A setting of a stage that is not used, since it was made for another picture."""

    stage: str
    setting: str
    value: Any
    count: int

    @property
    def as_record(self) -> dict[str, Any]:
        """The values that the record stores, from which `rerun` can restore the setting."""
        return {"stage": self.stage, "setting": self.setting, "count": self.count, **self._text()}

    def _text(self) -> dict[str, Any]:
        value = self.value
        if self.setting == "detections":
            what = "edited detection was" if self.count == 1 else "edited detections were"
            value = [edit.model_dump(mode="json") for edit in value]
        else:
            what = "mask was"
        why = f"{self.count} {what} made for another picture, and set aside"
        return {"why": why, "value": value}


def picture_before_detailers(config: ResolvedConfig, *, enlarged: bool) -> str:
    """Return the sha256 that identifies the picture with which the detailers begin.

    Args:
        config: of a single picture.
        enlarged: whether the hires fix is included, or only the stages up to stage 3.
    """
    is_kept = config.mode not in {stage.name for stage in _BASE}
    # Where stage 3 keeps a given picture, no prompt has an effect on it.
    base = [stage for stage in _BASE if not (is_kept and isinstance(stage, PromptStage))]
    identity: list[Any] = []
    for stage in (*base, *(_AFTER_BASE if enlarged else ())):
        if config.runs(stage.name):
            settings = config.settings_for(stage.name, stage.settings)
            models = stage.models(settings)
            hashes = {one.name: config.sha256_of(*one) for one in models}
            draws = config.draws(stage.name) or not isinstance(settings, SamplingConfig)
            # Defaults are left out, so that adding a setting later changes no identity.
            plain = settings.model_dump(
                mode="json",
                exclude_defaults=True,
                exclude={"checkpoint"} if draws else {*SamplingConfig.model_fields},
            )
            # Models are identified by their hashes, whatever their names are now.
            of_models = sorted(str(config.sha256_of(*one)) for one in models)
            identity.append([stage.name, _by_content(plain, hashes), of_models])
    if not (is_kept and not enlarged) and config.embeddings():
        identity.append([config.sha256_of("embedding", name) for name in config.embeddings()])
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _by_content(value: Any, hashes: Mapping[str, str | None]) -> Any:
    """Return plain settings with hashes in place of models' names, in LoRA tags, too."""
    if isinstance(value, dict):
        return {key: _by_content(one, hashes) for key, one in value.items()}
    if isinstance(value, list):
        return [_by_content(one, hashes) for one in value]
    if not isinstance(value, str):
        return value
    if value in hashes:
        return hashes[value]
    for name, sha256 in hashes.items():
        for end in (":", ">"):
            value = value.replace(f"<lora:{name}{end}", f"<lora:{sha256}{end}")
    return value


def bind(config: ResolvedConfig) -> ResolvedConfig:
    """Return a single picture's config with unbound detections and masks bound to it."""
    changes: dict[str, Any] = {}
    made_for = dict(config.made_for)
    if not _has_edits(config):
        return config.model_copy(update={"made_for": {}})
    searched = picture_before_detailers(config, enlarged=True)
    for name, part in _detailers(config):
        if part.detections:
            edits = tuple(
                edit if edit.made_for else edit.model_copy(update={"made_for": searched})
                for edit in part.detections
            )
            changes[name] = part.model_copy(update={"detections": edits})
        if part.mask is not None:
            made_for.setdefault(part.mask, _pictures_of_masks(config)[0])
    if config.inpaint.mask is not None and config.image is not None:
        made_for.setdefault(config.inpaint.mask, config.image)
    used = {mask: picture for mask, picture in made_for.items() if mask in _masks(config)}
    return config.model_copy(update={**changes, "made_for": used})


def set_aside_foreign(config: ResolvedConfig) -> tuple[ResolvedConfig, list[SetAside]]:
    """Return a single picture's config without detailers' edits that are bound to another picture.

    Unbound ones are bound to this picture. The second value lists the settings that were set aside.
    """
    config = bind(config)
    changes: dict[str, DetailerConfig] = {}
    aside = list[SetAside]()
    if not _has_edits(config):
        return config, aside
    searched = picture_before_detailers(config, enlarged=True)
    for name, part in _detailers(config):
        if not part.enabled:
            continue
        left: dict[str, Any] = {}
        others = [edit for edit in part.detections or () if edit.made_for != searched]
        if others:
            own = tuple(edit for edit in part.detections or () if edit.made_for == searched)
            left["detections"] = own or None
            aside.append(SetAside(name, "detections", others, len(others)))
        is_own = config.made_for.get(part.mask or "") in _pictures_of_masks(config)
        if part.mask is not None and not is_own:
            left["mask"] = None
            aside.append(SetAside(name, "mask", part.mask, 1))
        if left:
            changes[name] = part.model_copy(update=left)
    return config.model_copy(update=changes), aside


def unbind(config: PipelineConfig) -> PipelineConfig:
    """Return the request with detections and masks bound to no picture: the next one uses them."""
    changes: dict[str, Any] = {"made_for": {}}
    for name, part in _detailers(config):
        if part.detections:
            edits = [edit.unbound().model_dump() for edit in part.detections]
            changes[name] = part.model_dump() | {"detections": edits}
    return config.changed(**changes)


def changes_to_restore(aside: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the changes, as `Workbench.rerun` takes them, that restore settings set aside.

    Args:
        aside: the entries of a record's `set_aside`.
    """
    changes: dict[str, dict[str, Any]] = {}
    for one in aside:
        value = one["value"]
        if one["setting"] == "detections":
            value = [DetectionEdit.model_validate(row).unbound().model_dump() for row in value]
        changes.setdefault(one["stage"], {})[one["setting"]] = value
    return changes


def mask_is_foreign(config: PipelineConfig) -> bool:
    """Return whether inpaint's mask was painted for another picture than the one it starts from.

    An unbound mask fits any picture.
    """
    mask = config.inpaint.mask
    picture = config.made_for.get(mask or "")
    return config.mode == "inpaint" and picture is not None and picture != config.image


def _detailers(config: PipelineConfig) -> list[tuple[str, DetailerConfig]]:
    return [(name, part) for name, part in config if isinstance(part, DetailerConfig)]


def _has_edits(config: PipelineConfig) -> bool:
    """Return whether the request has detections or masks, which are made for one picture."""
    return bool(_masks(config)) or any(part.detections for _, part in _detailers(config))


def _masks(config: PipelineConfig) -> set[str]:
    masks = [config.inpaint.mask, *(part.mask for _, part in _detailers(config))]
    return {mask for mask in masks if mask is not None}


def _pictures_of_masks(config: ResolvedConfig) -> tuple[str, ...]:
    """Return the identities of the pictures whose masks a detailer of this config may use."""
    base = picture_before_detailers(config, enlarged=False)
    if config.mode != "txt2img" and config.image is not None:
        return config.image, base
    return (base,)
