"""The plan of a request: for each picture its stages, with settings, models and cache keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.listing.snapshot import Snapshot
from medialab.process import precisions, threads
from medialab.process.precisions import WEIGHT_DTYPES
from medialab.process.torch_settings import chosen_in_torch
from medialab.process.versions import all_versions
from medialab.runs.belongings import SetAside
from medialab.runs.stage_keys import StageKey
from medialab.settings.fields import names_in_list
from medialab.stage import JointStage, Model, PipelineStage
from medialab.stages import STAGES


@dataclass(frozen=True)
class StageRequest:
    """A stage that a request runs, with its settings after inheritance, and its models."""

    stage: PipelineStage[Any]
    settings: Any
    models: tuple[Model, ...]

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.stage.name


@dataclass(frozen=True)
class PlannedStage(StageRequest):
    """A stage of a resolved request, with the key that its result is cached under."""

    key: StageKey


@dataclass(frozen=True)
class PicturePlan:
    """The plan of one picture.

    Attributes:
        config: the picture's own.
        stages: in order.
        set_aside: settings that it does not use, since they were made for another picture.
    """

    config: ResolvedConfig
    stages: tuple[PlannedStage, ...]
    set_aside: Sequence[SetAside] = ()

    def before(self, stage: str | None) -> int:
        """Return the number of stages before the one of this name; without a name, of all."""
        every = [one.name for one in STAGES]
        earlier = every[: every.index(stage)] if stage in every else every
        return sum(one.name in earlier for one in self.stages)


@dataclass(frozen=True)
class Plan:
    """A resolved request, a plan for each of its pictures, and the models as it saw them.

    Attributes:
        config: the request.
        pictures: the plans, in order.
        listing: the models.
    """

    config: ResolvedConfig
    pictures: tuple[PicturePlan, ...]
    listing: Snapshot

    def drawn_with(self, number: int) -> list[tuple[int, PicturePlan]]:
        """Return the later pictures that are denoised at once with one, each after its number.

        Numbers count from 1.
        """
        together = self.pictures[number - 1].config.together
        if together is None:
            return []
        last = number + together.pictures - together.place
        return list(enumerate(self.pictures[number:last], start=number + 1))


def stages_of(config: PipelineConfig) -> tuple[StageRequest, ...]:
    """Return the stages that a request runs, in order."""
    found = []
    for stage in STAGES:
        if config.runs(stage.name):
            settings = config.settings_for(stage.name, stage.settings)
            found.append(StageRequest(stage, settings, tuple(stage.models(settings))))
    return tuple(found)


def plan_picture(
    config: ResolvedConfig, device: str, set_aside: Sequence[SetAside] = ()
) -> PicturePlan:
    """Plan one picture of a resolved request.

    Args:
        config: of a single picture.
        device: the torch device that it is made on; part of the cache keys.
        set_aside: settings that it does not use.
    """
    environment = environment_of(config, device)
    for_all = {"checkpoint": config.checkpoint_sha256} | {
        f"embedding {name}": config.sha256_of("embedding", name) for name in config.embeddings()
    }
    for_all |= {
        f"text encoder {name}": config.sha256_of("text encoder", name)
        for name in names_in_list(config.text_encoder)
    }
    found: list[PlannedStage] = []
    for one in stages_of(config):
        hashes = {f"{model.kind} {model.name}": config.sha256_of(*model) for model in one.models}
        key = StageKey(
            stage=one.name,
            version=one.stage.version,
            settings=one.settings.model_dump(mode="json"),
            models=hashes | for_all,
            before=found[-1].key.digest if found else "",
            environment=environment | _together_of(config, one.stage),
        )
        found.append(PlannedStage(one.stage, one.settings, one.models, key))
    return PicturePlan(config, tuple(found), set_aside)


def environment_of(config: ResolvedConfig, device: str) -> dict[str, str]:
    """Return the part of a cache key that is the same for all stages: versions and processor."""
    environment = dict(all_versions()) | {
        "device": device.partition(":")[0],
        "dtype": dtype_of(config, device),
        "processor": threads.processor(device),
        "threads": str(threads_of(config)),
    }
    if chosen := chosen_in_torch():
        environment["settings of torch"] = chosen
    if config.weight_dtype != WEIGHT_DTYPES[0]:
        environment["weights"] = config.weight_dtype
    if config.step_cache:
        environment["step cache"] = str(config.step_cache)
    return environment


def _together_of(config: ResolvedConfig, stage: PipelineStage[Any]) -> dict[str, str]:
    """Return the part of a stage's cache key that says how it is drawn with others, if it is."""
    if config.together is None or not isinstance(stage, JointStage):
        return {}
    return {"together": f"{config.together.place} of {config.together.pictures}"}


def dtype_of(config: ResolvedConfig, device: str) -> str:
    """Return the precision that a run's models compute in; older configs do not have it."""
    return config.dtype or precisions.of_device(device)


def threads_of(config: ResolvedConfig) -> int:
    """Return the CPU threads that a run computes with; older configs do not have them."""
    return config.threads or threads.default_threads()
