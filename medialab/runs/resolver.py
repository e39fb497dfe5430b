"""Resolves requests: checks them against the models that are here, completes and plans them."""

import secrets
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import EMBEDDING, LORA, ResolvedConfig, Together
from medialab.errors import LeftOutWarning, ModelNotFoundError, ModelRefusedError
from medialab.families.base import UNKNOWN
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.restored import with_current_names
from medialab.listing.snapshot import Snapshot
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.pixels.geometry import fitted_size
from medialab.process.memory import free_bytes, free_memory, total_bytes
from medialab.process.precisions import AUTOMATIC
from medialab.process.threads import default_threads
from medialab.prompts import Styles
from medialab.runs.automatic_detectors import check_detectors, with_detectors
from medialab.runs.automatic_upscaler import with_upscaler
from medialab.runs.belongings import bind, set_aside_foreign
from medialab.runs.changes import changed
from medialab.runs.checkpoint_parts import with_checkpoint_parts
from medialab.runs.drawn_together import PAIR, name_of_gain, still_together, together_for
from medialab.runs.hashes import hashes_if_there, hashes_of, lacks_a_name, refuse_replaced
from medialab.runs.inversion_names import find_inversions
from medialab.runs.memory_plan import MemoryPlan, plan_memory
from medialab.runs.model_checks import check_handover, check_models
from medialab.runs.needed_checkpoint import checkpoint_of
from medialab.runs.plan import PicturePlan, Plan, StageRequest, plan_picture, stages_of
from medialab.runs.reference_checks import check_references, with_start_picture
from medialab.runs.request_checks import check_picture, check_texts
from medialab.runs.run_precision import check_precision, precision_for
from medialab.runs.sizes import check_patience, check_sizes, sizes_of
from medialab.runs.text_shapes import alike
from medialab.runs.tile_checks import check_tiles
from medialab.runs.used_models import optional_models
from medialab.settings.fields import DRAWN_BELOW, RANDOM_SEED
from medialab.stage import JointStage, StageSize

_MOST_VALID = 8  # as many as wait in a batch's queue, and some


class Resolver:
    """A resolver of requests, with the models of a registry and the pictures of a store.

    Each request lists the models folder once, in a `Snapshot`.

    Args:
        registry: The models.
        pictures: The stored pictures.
        threads: CPU threads where a request leaves them open; None for those of this process.
    """

    def __init__(
        self, registry: ModelRegistry, pictures: PictureStore, threads: int | None = None
    ) -> None:
        self.registry = registry
        self.pictures = pictures
        self._usual_threads = threads
        # Requests that were resolved here: frozen, so that these very objects are valid.
        self._valid: deque[ResolvedConfig] = deque(maxlen=_MOST_VALID)

    def check(self, config: PipelineConfig) -> None:
        """Refuse a request that cannot be made, before anything is loaded; see `Workbench.submit`.

        Raises:
            ConfigError: the mode needs a picture, and none is given; or one would be too large.
            ModelNotFoundError: no such model.
            ModelRefusedError: its file is a pickle, or broken, or made for another family.
        """
        config = with_start_picture(config)
        check_picture(config)
        check_texts(config)
        listing = self.registry.snapshot()
        if isinstance(config, ResolvedConfig) and lacks_a_name(config, listing):
            return  # its files may have been renamed: they are looked up by their hashes
        info = checkpoint_of(config, listing)
        chosen = _with_models(config, info, listing)
        stages = stages_of(chosen)
        check_models(chosen, stages, listing)
        check_detectors(chosen, listing)
        check_handover(config, listing)
        check_precision(config, self.registry.device)
        check_references(config, listing, self.pictures)
        with suppress(ModelRefusedError):  # no checkpoint has to say its size
            size = self._size_of(config, info)
            check_sizes(chosen, stages, size)
            check_tiles(chosen, stages, size, listing, self.registry.native_size)
            if self.registry.device == "cpu" and info is not None:
                check_patience(chosen, stages, size, self.registry.native_size(info))

    def sizes(self, config: PipelineConfig) -> list[StageSize]:
        """Return the size of the picture after each stage that makes it; see `Workbench.sizes`."""
        config = with_start_picture(config)
        listing = self.registry.snapshot()
        info = None
        if not (isinstance(config, ResolvedConfig) and lacks_a_name(config, listing)):
            info = checkpoint_of(config, listing)
            config = _with_models(config, info, listing)
        return list(sizes_of(config, stages_of(config), self._size_of(config, info)))

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """Complete a request; see `Workbench.resolve`."""
        resolved = self._resolve(config, self.registry.snapshot())
        if resolved.texts() == config.texts():  # texts that were drawn or merged are not checked
            self._valid.append(resolved)
        return resolved

    def plan(self, config: PipelineConfig, *, threads: int | None = None) -> Plan:
        """Resolve a request, and plan each of its pictures.

        Args:
            config: as asked for, or resolved already.
            threads: CPU threads; by default those of a resolved config, else this machine's.

        Raises:
            ConfigError: a prompt names a missing wildcard; or as `resolve`.
            MediaLabError: as `resolve`.
        """
        listing = self.registry.snapshot()
        resolved, pictures = self._planned(config, threads, listing)
        return Plan(resolved, tuple(pictures), listing)

    def plan_beside(
        self, configs: Sequence[ResolvedConfig], plan: Plan, *, threads: int | None = None
    ) -> list[PicturePlan]:
        """Plan other requests whose pictures are denoised at once with the only one of a plan.

        Raises:
            MediaLabError: as `plan`.
        """
        every = [self._planned(one, threads, plan.listing)[1] for one in configs]
        return [picture for pictures in every for picture in pictures]

    def _planned(
        self, config: PipelineConfig, threads: int | None, listing: Snapshot
    ) -> tuple[ResolvedConfig, list[PicturePlan]]:
        """Return a request, resolved, and the plans of its pictures."""
        resolved = self._resolve(config, listing)
        if threads is not None:
            resolved = resolved.model_copy(update={"threads": threads})
        device, singles = self.registry.device, map(set_aside_foreign, self._drawn(resolved))
        return resolved, [plan_picture(single, device, aside) for single, aside in singles]

    def plan_first(self, config: ResolvedConfig) -> PicturePlan:
        """Plan the first picture of a resolved request; no model is looked up.

        Raises:
            ConfigError: a prompt names a missing wildcard.
        """
        single, aside = set_aside_foreign(self._drawn(config)[0])
        return plan_picture(single, self.registry.device, aside)

    def _resolve(self, config: PipelineConfig, listing: Snapshot) -> ResolvedConfig:
        try:
            return self._resolved(config, listing)
        except (ModelNotFoundError, ModelRefusedError):
            if not isinstance(config, ResolvedConfig):
                raise
            read = with_current_names(config, self.registry, MOST_READ)
            if not read.notes:
                raise
            warnings.warn(read.lost, LeftOutWarning, stacklevel=3)
            return self._resolved(read.config, listing)

    def _resolved(self, config: PipelineConfig, listing: Snapshot) -> ResolvedConfig:
        # `changed` validates a copy that was made without validation.
        if not any(config is one for one in self._valid):
            config = config.changed()
        info = checkpoint_of(config, listing)
        config = with_start_picture(_with_models(config, info, listing))
        check_picture(config)
        if isinstance(config, ResolvedConfig):
            return self._grouped(self._tied_again(config, info, listing), info)
        return self._grouped(self._completed(config, info, listing), info)

    def _tied_again(
        self, config: ResolvedConfig, info: ModelInfo | None, listing: Snapshot
    ) -> ResolvedConfig:
        """Return a config that was resolved before, with what this machine decides.

        Raises:
            ModelRefusedError: one of its models was replaced by another file.
        """
        stages = stages_of(config)
        refuse_replaced(config, stages, listing)
        present = hashes_if_there(optional_models(config, stages), listing)
        dtype = self._precision_for(config, info)
        return config.model_copy(
            update={
                "threads": config.threads or self._threads(),
                # Asked for on a GPU, it may be none that this device computes in.
                "precision": config.precision if config.precision == dtype else AUTOMATIC,
                "dtype": dtype,
                "models_sha256": config.models_sha256 | present,
                "together": still_together(config),
            }
        )

    def _completed(
        self, config: PipelineConfig, info: ModelInfo | None, listing: Snapshot
    ) -> ResolvedConfig:
        """Return a new request, resolved: with its prompts, seeds, size, hashes and detectors."""
        stages = stages_of(config)
        check_references(config, listing, self.pictures)
        width, height = self._size_of(config, info)
        check_sizes(config, stages, (width, height))
        settings = config.model_dump() | {
            **self._merged_prompts(config),
            "seed": _seed(config.seed),
            "variation_seed": (
                _seed(config.variation_seed) if config.variation_strength else config.variation_seed
            ),
            "width": width,
            "height": height,
            "checkpoint_sha256": listing.sha256(info) if info and config.is_drawn else "",
            "models_sha256": hashes_of(config, stages, listing),
            "threads": self._threads(),
            "dtype": self._precision_for(config, info),
        }
        alone = ResolvedConfig.parse(settings)
        together = {"together": self._together_for(alone, info, listing)}
        family = info.family if info else UNKNOWN
        resolved = self._with_named(alone.model_copy(update=together), family, listing)
        return self._with_detectors_for_the_rest(config, resolved, listing)

    def _merged_prompts(self, config: PipelineConfig) -> dict[str, Any]:
        """Return the prompts with the styles merged in, as settings that name none."""
        prompt, negative_prompt = config.prompt, config.negative_prompt
        if config.styles:  # a broken file does not matter without styles
            styles = Styles.load(self.registry.folder / "styles.csv")
            prompt, negative_prompt = styles.merge(prompt, negative_prompt, config.styles)
        return {"prompt": prompt, "negative_prompt": negative_prompt, "styles": ()}

    def _threads(self) -> int:
        return self._usual_threads or default_threads()

    def _precision_for(self, config: PipelineConfig, info: ModelInfo | None) -> str:
        return precision_for(config, info, self.registry.device, self.registry.facts)

    def _together_for(
        self, config: ResolvedConfig, info: ModelInfo | None, listing: Snapshot
    ) -> Together | None:
        """Return how a new request's pictures are denoised at once."""
        device, family = self.registry.device, info.family if info else UNKNOWN
        name = name_of_gain(config, family, device)

        def fits(pictures: int) -> bool:
            tried = config.model_copy(update={"together": Together(pictures=pictures)})
            size, available = (config.width, config.height), self._available()
            stages = [one for one in stages_of(tried) if isinstance(one.stage, JointStage)]
            return plan_memory(tried, stages, size, self.registry, listing, available).fits

        return together_for(config, info, device, partial(self.registry.facts.known, name), fits)

    def _grouped(self, config: ResolvedConfig, info: ModelInfo | None) -> ResolvedConfig:
        """Return a batch with the pictures that are denoised at once, by the texts they have."""
        if config.together is None or config.batch_size == 1 or info is None:
            return config
        together = config.together.grouped(alike(self._drawn(config), info))
        return config.model_copy(update={"together": together})

    def alike(self, configs: Sequence[ResolvedConfig]) -> list[Any]:
        """Tell which pictures can be denoised at once; see `Workbench.alike`."""
        info = checkpoint_of(configs[0], self.registry.snapshot())
        return [*range(len(configs))] if info is None else alike(configs, info)

    def keep_gain_of_pairs(self, plan: Plan, alone: float | None, pair: float | None) -> None:
        """Keep how much faster a pair of a request's pictures was than one alone, if measured.

        Args:
            plan: The request's.
            alone: Seconds of the fastest step of the first picture; None if it made none.
            pair: The same of the pair after it.
        """
        info = checkpoint_of(plan.config, plan.listing)
        if info is not None and alone and pair:
            name = name_of_gain(plan.config, info.family, self.registry.device)
            self.registry.facts.measured(name, lambda: PAIR * alone / pair)

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """Change settings of a run's first picture; see `Workbench.changed`."""
        single = bind(self._drawn(config)[0]).asked()
        return changed(single, changes, self.pictures)

    def memory_plan(self, config: PipelineConfig) -> MemoryPlan:
        """Work out a request's memory needs; see `Workbench.memory_plan`."""
        listing, config = self.registry.snapshot(), with_start_picture(config)
        if not isinstance(config, ResolvedConfig):
            config = _with_models(config, checkpoint_of(config, listing), listing)
        return self.memory_of(config, stages_of(config), listing)

    def memory_of(
        self, config: PipelineConfig, stages: Sequence[StageRequest], listing: Snapshot
    ) -> MemoryPlan:
        """Work out the memory needs of these stages of a request."""
        info = checkpoint_of(config, listing)
        try:
            size = self._size_of(config, info)
        except ModelRefusedError:  # no checkpoint has to say its size
            size = config.width or 1024, config.height or 1024
        found = plan_memory(config, stages, size, self.registry, listing, self._available())
        if not found.fits:  # malloc holds released memory: 3 GB after an SDXL LoRA
            free_memory()
            found = found._replace(available=self._available())
        return found

    def _available(self) -> int:
        """Return the bytes that a run may use: those free, and those of caches."""
        # Weights that are mapped from their files already count as free.
        device, kept = self.registry.device, self.registry.budget.nbytes
        return min(free_bytes(device) + kept, total_bytes(device))

    def _size_of(self, config: PipelineConfig, info: ModelInfo | None) -> tuple[int, int]:
        """Return width and height: as set, the given picture's, or near the checkpoint's own.

        Raises:
            ModelRefusedError: they are the checkpoint's, and it does not say them, or is not there.
        """
        if config.width and config.height:
            return config.width, config.height
        if config.image is not None and config.mode != "txt2img":
            width, height = self.pictures.size(config.image)
            if config.is_fitted and info is not None:
                width, height = fitted_size(width, height, self.registry.native_size(info))
        elif info is None:
            raise ModelRefusedError("there is no checkpoint to say the picture's size")
        else:
            width = height = self.registry.native_size(info)
        return config.width or width, config.height or height

    def _drawn(self, config: ResolvedConfig) -> list[ResolvedConfig]:
        """Return one config per picture, with the random choices of its prompts drawn."""
        return config.singles(self.registry.folder / "wildcards")

    def _with_detectors_for_the_rest(
        self, asked: PipelineConfig, config: ResolvedConfig, listing: Snapshot
    ) -> ResolvedConfig:
        """Add detectors to stages whose detections or mask were made for another picture."""
        stages = {one.stage for each in self._drawn(config) for one in set_aside_foreign(each)[1]}
        if not stages:
            return config
        without: dict[str, Any] = {"detections": None, "mask": None}
        try:
            looking = _with_parts(asked, dict.fromkeys(stages, without))
            looking = _with_models(looking, checkpoint_of(looking, listing), listing)
        except ModelNotFoundError:  # then nothing is detected, and the record says so
            return config
        found = {name: {"detector": getattr(looking, name).detector} for name in stages}
        hashes = hashes_of(looking, stages_of(looking), listing)
        return _with_parts(config, found).model_copy(
            update={"models_sha256": hashes | config.models_sha256}
        )

    def _with_named(self, config: ResolvedConfig, family: str, listing: Snapshot) -> ResolvedConfig:
        """Add the hashes of the inversions and LoRAs that the pictures' prompts name."""
        singles = self._drawn(config)
        for single in singles:
            check_texts(single)
        texts = [text for single in singles for text in single.texts()]
        named = find_inversions(listing.models("embedding"), family, texts).files
        hashes = {f"{EMBEDDING}{name}": listing.sha256(info) for name, info in named.items()}
        for name in sorted({name for single in singles for name in single.lora_names()}):
            hashes[f"{LORA}{name}"] = listing.sha256(listing.find(name, "lora"))
        known = config.model_copy(update={"models_sha256": config.models_sha256 | hashes})
        return self._drawn(known)[0] if config.batch_size == 1 else known


def _with_models(
    config: PipelineConfig, checkpoint: ModelInfo | None, listing: Snapshot
) -> PipelineConfig:
    """Return the request with the models that are chosen here: "automatic" ones, missing parts.

    A picture that nothing draws is of no family, whatever the checkpoint is.
    """
    config = with_checkpoint_parts(config, listing)
    family = checkpoint.family if checkpoint and config.is_drawn else UNKNOWN
    config = with_upscaler(config, listing, family)
    return with_detectors(config, listing.models("detector"), family)


ConfigT = TypeVar("ConfigT", bound=PipelineConfig)


def _with_parts(config: ConfigT, changes: Mapping[str, Mapping[str, Any]]) -> ConfigT:
    """Return the config with some settings of some stages changed, unchecked."""
    parts = {
        name: getattr(config, name).model_copy(update=dict(own)) for name, own in changes.items()
    }
    return config.model_copy(update=parts)


def _seed(seed: int) -> int:
    return secrets.randbelow(DRAWN_BELOW) if seed == RANDOM_SEED else seed
