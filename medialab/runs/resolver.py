"""What a request comes to here: checked against the models that there are, nothing left open."""

import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import EMBEDDING, LORA, ResolvedConfig
from medialab.errors import (
    ConfigError,
    LeftOutWarning,
    MediaLabError,
    ModelNotFoundError,
    ModelRefusedError,
    PictureError,
)
from medialab.families import RUNNING
from medialab.families.base import REFINER, UNKNOWN
from medialab.families.loras import read_block_weights
from medialab.families.vaes import shared_latents
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.restored import with_current_names
from medialab.listing.runnable import why_not_in
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.loading.vaes import refuse_unfitting
from medialab.lora import refuse_family
from medialab.pictures.store import PictureStore
from medialab.pixels.preprocessors import check_library
from medialab.process.libraries import check_installed
from medialab.process.memory import free_bytes, free_memory, total_bytes
from medialab.process.threads import default_threads
from medialab.prompts import Styles, mentions, parse, take_loras
from medialab.runs.automatic_detectors import check_detectors, with_detectors
from medialab.runs.belongings import SetAside, bound, is_of_another, settled
from medialab.runs.inversion_names import meant
from medialab.runs.memory_plan import MemoryPlan, plan
from medialab.runs.sizes import check_sizes
from medialab.runs.ties import may_be_untied
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import RANDOM_SEED, StageConfig
from medialab.settings.samplers import AUTOMATIC_PREDICTION
from medialab.settings.sampling import SamplingConfig
from medialab.settings.schedulers import check_training
from medialab.stage import Model, PipelineStage
from medialab.stages import STAGES

# Seeds that are drawn have 32 bits: A1111 and its kin keep no more.
_DRAWN_BELOW = 2**32


class Resolver:
    """Checks and completes requests, by a models folder and the pictures that were kept."""

    def __init__(self, registry: ModelRegistry, pictures: PictureStore) -> None:
        self.registry = registry
        self.pictures = pictures

    def check(self, config: PipelineConfig) -> None:
        """Refuse what nothing can be made from, before anything is loaded; see `Workbench.submit`.

        Raises:
            ConfigError: the mode needs a picture, and none is given; or one would be too large.
            ModelNotFoundError: no such model.
            ModelRefusedError: its file is a pickle, or broken, or made for another family.
        """
        _check_picture(config)
        _check_texts(config)
        if isinstance(config, ResolvedConfig) and self._lacks_a_name(config):
            return  # its files may have other names by now: they are looked for by their hashes
        chosen = self._with_detectors(config)
        self.registry.find(config.checkpoint, "checkpoint")
        for stage in STAGES:
            if chosen.runs(stage.name):
                with _naming(stage.name):
                    self._check_models(stage, chosen)
        check_detectors(chosen, self.registry.find)
        self._check_handover(config)
        with suppress(ModelRefusedError):  # none need tell the size that it was trained at
            info = self.registry.find(config.checkpoint, "checkpoint")
            check_sizes(config, self._size_of(config, info))

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """See `Workbench.resolve`."""
        try:
            return self._resolved(config)
        except (ModelNotFoundError, ModelRefusedError):
            if not isinstance(config, ResolvedConfig):
                raise
            read = with_current_names(config, self.registry, MOST_READ)
            if not read.notes:
                raise
            warnings.warn(read.lost, LeftOutWarning, stacklevel=2)
            return self._resolved(read.config)

    def _resolved(self, config: PipelineConfig) -> ResolvedConfig:
        config = self._with_detectors(config.changed())  # a copy past the checks is checked here
        _check_picture(config)
        info = self.registry.find(config.checkpoint, "checkpoint")
        sha256 = self.registry.sha256(info)
        if isinstance(config, ResolvedConfig):
            self._refuse_replaced(config)
            threads = config.threads or default_threads()
            ties = config.models_sha256 | self._present(may_be_untied(config))
            return config.model_copy(update={"threads": threads, "models_sha256": ties})
        width, height = self._size_of(config, info)
        check_sizes(config, (width, height))
        prompt, negative_prompt = config.prompt, config.negative_prompt
        if config.styles:  # a broken file is no matter to who uses none
            styles = Styles.load(self.registry.folder / "styles.csv")
            prompt, negative_prompt = styles.merge(prompt, negative_prompt, config.styles)
        settings = config.model_dump() | {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "styles": (),
            "seed": _drawn(config.seed),
            "variation_seed": (
                _drawn(config.variation_seed)
                if config.variation_strength
                else config.variation_seed
            ),
            "width": width,
            "height": height,
            "checkpoint_sha256": sha256,
            "models_sha256": self._hashes(config),
            "threads": default_threads(),
        }
        resolved = self._with_named(ResolvedConfig.parse(settings), info.family)
        return self._with_detectors_for_the_rest(config, resolved)

    def changed(self, config: ResolvedConfig, changes: Mapping[str, Any]) -> PipelineConfig:
        """See `Workbench.changed`."""
        single = self.singles(config)[0].asked()
        settings: dict[str, Any] = {}
        for name, value in changes.items():
            old = getattr(single, name, None)
            if isinstance(old, StageConfig) and isinstance(value, Mapping):
                settings[name] = {**old.model_dump(), **value}
            else:
                settings[name] = value
        # A mask that is named is meant for this picture, whichever it was painted for.
        named = {own.get("mask") for own in changes.values() if isinstance(own, Mapping)}
        made_for = {mask: one for mask, one in single.made_for.items() if mask not in named}
        settings["made_for"] = {**made_for, **changes.get("made_for", {})}
        if settings.keys() & {"image"} and not settings.keys() & {"width", "height"}:
            settings |= self._sizes_for_another(single)
        return single.changed(**settings)

    def _sizes_for_another(self, config: PipelineConfig) -> dict[str, None]:
        """Sizes left to the next picture, where this one had its own."""
        if config.image is None or config.mode == "txt2img":
            return {}
        with suppress(PictureError):
            if self.pictures.size(config.image) == (config.width, config.height):
                return {"width": None, "height": None}
        return {}

    def memory_plan(self, config: PipelineConfig) -> MemoryPlan:
        """See `Workbench.memory_plan`."""
        if not isinstance(config, ResolvedConfig):
            config = self._with_detectors(config)
        info = self.registry.find(config.checkpoint, "checkpoint")
        try:
            size = self._size_of(config, info)
        except ModelRefusedError:  # none need tell the size that it was trained at
            size = config.width or 1024, config.height or 1024
        found = plan(config, size, self.registry, self._available())
        if not found.fits:  # malloc keeps what was let go of: 3 GB after LoRAs of an SDXL's
            free_memory()
            found = found._replace(available=self._available())
        return found

    def _available(self) -> int:
        """Bytes that a run may be given: those that are free, and those that are kept for later."""
        # Weights that are read straight from their files are counted as free already.
        device, kept = self.registry.device, self.registry.budget.nbytes
        return min(free_bytes(device) + kept, total_bytes(device))

    def _size_of(self, config: PipelineConfig, info: ModelInfo) -> tuple[int, int]:
        """Width and height as asked, else the given picture's, else the checkpoint's own."""
        if config.width and config.height:
            return config.width, config.height
        if config.image is not None and config.mode != "txt2img":
            width, height = self.pictures.size(config.image)
        else:
            width = height = self.registry.native_size(info)
        return config.width or width, config.height or height

    def _with_detectors(self, config: PipelineConfig) -> PipelineConfig:
        """The request with the detectors that "automatic" stands for here."""
        family = self.registry.find(config.checkpoint, "checkpoint").family
        return with_detectors(config, self.registry.models("detector"), family)

    def singles(self, config: ResolvedConfig) -> list[ResolvedConfig]:
        """One config per picture, its prompts drawn, what was made for no picture bound to it.

        Raises:
            ConfigError: a prompt names a wildcard that is not there.
        """
        return [bound(one) for one in self._drawn(config)]

    def runnable(self, config: ResolvedConfig) -> list[tuple[ResolvedConfig, list[SetAside]]]:
        """The singles without what was made for another picture, and what that was.

        Raises:
            ConfigError: as `singles`.
        """
        return [settled(one) for one in self._drawn(config)]

    def _drawn(self, config: ResolvedConfig) -> list[ResolvedConfig]:
        return config.singles(self.registry.folder / "wildcards")

    def _with_detectors_for_the_rest(
        self, asked: PipelineConfig, config: ResolvedConfig
    ) -> ResolvedConfig:
        """The config with detectors for stages whose finds or mask are of another picture."""
        stages = {one.stage for _, aside in self.runnable(config) for one in aside}
        if not stages:
            return config
        without: dict[str, Any] = {"detections": None, "mask": None}
        try:
            looking = self._with_detectors(_with_parts(asked, dict.fromkeys(stages, without)))
        except ModelNotFoundError:  # then nothing is found, which the record says
            return config
        found = {name: {"detector": getattr(looking, name).detector} for name in stages}
        return _with_parts(config, found).model_copy(
            update={"models_sha256": self._hashes(looking) | config.models_sha256}
        )

    def _with_named(self, config: ResolvedConfig, family: str) -> ResolvedConfig:
        """The config with the hashes of what its pictures' prompts name: inversions, LoRAs."""
        singles = self._drawn(config)
        for single in singles:
            _check_texts(single)
        texts = [text for single in singles for text in single.texts()]
        named = meant(self.registry.models("embedding"), family, texts).files
        hashes = {f"{EMBEDDING}{name}": self.registry.sha256(info) for name, info in named.items()}
        for name in sorted({name for single in singles for name in single.lora_names()}):
            hashes[f"{LORA}{name}"] = self.registry.sha256(self.registry.find(name, "lora"))
        known = config.model_copy(update={"models_sha256": config.models_sha256 | hashes})
        return self._drawn(known)[0] if config.batch_size == 1 else known

    def unused_embeddings(self, config: ResolvedConfig, record: Mapping[str, Any]) -> list[str]:
        """A sentence for each embedding that a prompt names, and that was read as text."""
        base = config.base_texts()
        stages = [stage for stage in record["stages"] if stage["name"] == "prompt"]
        used = {name for stage in stages for name in stage["applied"].get("embeddings", ())}
        family = self.registry.find(config.checkpoint, "checkpoint").family
        told = []
        infos = self.registry.models("embedding")
        several: dict[str, list[str]] = {}
        for info in infos:
            several.setdefault(info.name.rpartition("/")[2], []).append(info.name)
        for name, ways in several.items():
            asked = len(ways) > 1 and any(mentions(name, text) for text in config.texts())
            if asked and not used & {way.lower() for way in ways}:
                told.append(
                    f"{name!r} was read as text: {len(ways)} textual inversions have that name, "
                    f"{', '.join(ways)}; give one of these names"
                )
        unclear = meant(infos, family, config.texts()).unclear
        told += [
            f"{word!r} was read as text: {len(names)} textual inversions have that name, "
            f"{', '.join(names)}; give one of these names"
            for word, names in unclear.items()
        ]
        for info in infos:
            names = [one for one in (info.name, *info.aliases) if one.lower() not in unclear]
            fits = info.refused is None and info.family == family
            # One that fits is told of where it was to be read; each stage's own prompt is its own.
            texts = base if fits else config.texts()
            found = [name for name in names if any(mentions(name, text) for text in texts)]
            if not found or any(name.lower() in used for name in found):
                continue
            why = info.refused or (
                f"its vectors fit no text encoder of {config.checkpoint!r}"
                if fits
                else f"it is made for {info.family}, and {config.checkpoint!r} is of {family}"
            )
            told.append(
                f"{found[0]!r} was read as text, not as the textual inversion of that name: {why}"
            )
        return told

    def _check_handover(self, config: PipelineConfig) -> None:
        """Refuse a checkpoint that cannot go on where the base stops."""
        if config.mode != "txt2img" or not config.handover_checkpoint or config.switch_at >= 1:
            return
        names = config.checkpoint, config.handover_checkpoint
        base, other = (self.registry.find(name, "checkpoint").family for name in names)
        if base not in {other, RUNNING[other].finishes}:
            message = (
                f"handover_checkpoint {names[1]!r} is of family {other}, {names[0]!r} of {base}: "
                "their latents mean other things; choose one of the same family"
            )
            raise ConfigError(message)
        if (made_for := self.registry.find(names[1], "checkpoint").variant) not in {"", REFINER}:
            message = (
                f"handover_checkpoint {names[1]!r} is made for {NAMES_OF_VARIANTS[made_for]}, and "
                "draws no whole picture to its end; choose one that is not"
            )
            raise ConfigError(message)
        noises = [self.registry.find(name, "checkpoint").zero_terminal_snr for name in names]
        if noises[0] != noises[1]:
            message = (
                f"handover_checkpoint {names[1]!r} was trained with another noise than "
                f"{names[0]!r}: one ends in pure noise (zero terminal SNR), the other does not; "
                "choose one trained as the checkpoint"
            )
            raise ConfigError(message)
        if other != base and config.runs("control"):
            message = (
                f"handover_checkpoint {names[1]!r} follows no ControlNet for {base}; "
                "take control away, or hand over to a checkpoint of the same family"
            )
            raise ConfigError(message)

    def _hashes(self, config: PipelineConfig) -> dict[str, str]:
        """What the models besides the run's own checkpoint hold, by kind and name."""
        return {
            f"{model.kind}/{model.name}": self.registry.sha256(
                self.registry.find(model.name, model.kind)
            )
            for model in _models_of(config)
            if model != Model("checkpoint", config.checkpoint)
        }

    def _present(self, models: Sequence[Model]) -> dict[str, str]:
        """What those of these models hold that are here, by kind and name."""
        found = {}
        for model in models:
            with suppress(ModelNotFoundError, ModelRefusedError):
                info = self.registry.find(model.name, model.kind)
                found[f"{model.kind}/{model.name}"] = self.registry.sha256(info)
        return found

    def _lacks_a_name(self, config: ResolvedConfig) -> bool:
        """Whether a model of a resolved config is not here under its name."""
        try:
            for model in _models_of(config):
                self.registry.find(model.name, model.kind)
        except ModelNotFoundError:
            return True
        except ModelRefusedError:
            return False
        return False

    def _refuse_replaced(self, config: ResolvedConfig) -> None:
        """Refuse a resolved config one of whose models is another file by now."""
        embeddings = [Model("embedding", name) for name in config.embeddings()]
        untied = may_be_untied(config)
        for model in [*_models_of(config), *embeddings]:
            if model in untied:
                continue
            sha256 = config.sha256_of(*model)
            info = self.registry.find_same(model.name, model.kind, sha256)
            was, now = sha256 or "nothing", self.registry.sha256(info)
            if was != now:
                message = (
                    f"{model.kind} {model.name!r} is another file now: this picture was made "
                    f"with {was[:10]}, {info.path.name} is {now[:10]}. Put "
                    "the old file back, or run config.asked() to use the new one."
                )
                raise ModelRefusedError(message)

    def _check_models(self, stage: PipelineStage[Any], config: PipelineConfig) -> None:
        """Refuse models that are not there, or made for another family than a stage's checkpoint.

        Of each its header decides, as in the listing; nothing is loaded, and no weight read.
        """
        settings = config.settings_for(stage.name, stage.settings)
        # A picture's own sidecar names some that it was made without.
        absent = may_be_untied(config) if isinstance(config, ResolvedConfig) else []
        found = {
            model: self.registry.find(model.name, model.kind)
            for model in stage.models(settings)
            if model not in absent
        }
        own = getattr(settings, "checkpoint", None) if config.draws(stage.name) else None
        info = self.registry.find(own or config.checkpoint, "checkpoint")
        _check_sampler(stage.name, settings, info)
        if getattr(settings, "sampler", None) and config.draws(stage.name):
            _refuse_made_for_another(stage.name, info)
        draws = getattr(settings, "denoising_strength", None) != 0
        if info.lacks_vae and draws and getattr(settings, "vae", None) == "":
            raise self._without_vae(stage.name, info)
        for model, one in found.items():
            if model.kind == "lora":
                refuse_family(model.name, one.family, info.family)
            elif model.kind == "controlnet":
                _refuse_foreign_controlnet(one, info)
            elif model.kind == "vae":
                refuse_unfitting(one, info.family)
                self._refuse_foreign_vae(stage.name, config, info.family)
            elif model.kind == "upscaler":
                check_installed("spandrel")

    def _without_vae(self, stage: str, info: ModelInfo) -> ConfigError:
        """The error for a stage whose checkpoint has no VAE, and that was given none."""
        known = [one.name for one in self.registry.models("vae") if one.refused is None]
        setting = "vae" if stage in {"prompt", "txt2img"} else f"{stage}.vae"
        message = (
            f"{stage}: checkpoint {info.name!r} has no VAE: set {setting} to one "
            f"made for {info.family} in models/vae ({', '.join(known) or 'there is none yet'})"
        )
        return ConfigError(message).about(setting, known)

    def _refuse_foreign_vae(self, stage: str, config: PipelineConfig, family: str) -> None:
        """Refuse the base's VAE for a stage whose checkpoint, of that family, has other latents.

        The shapes of VAEs tell no family: one that a stage sets itself is as it is asked for.
        """
        own = getattr(config, stage, None)
        base = self.registry.find(config.checkpoint, "checkpoint").family
        takes_over = isinstance(own, SamplingConfig) and own.vae is None
        if takes_over and shared_latents(family) != shared_latents(base):
            message = (
                f"{stage} takes over vae {config.vae!r}, chosen for {base}, but its checkpoint is "
                f"of family {family}: their latents mean other things; set {stage}.vae to '' for "
                "the checkpoint's own, or to one made for it"
            )
            raise ConfigError(message)


@contextmanager
def _naming(stage: str) -> Iterator[None]:
    """While it lasts, every error of ours begins with the stage that it is about."""
    try:
        yield
    except MediaLabError as error:
        if not str(error).startswith(stage):
            error.args = (f"{stage}: {error}",)
        raise


def _refuse_made_for_another(stage: str, info: ModelInfo) -> None:
    """Refuse a checkpoint that a stage cannot draw with: one that edits, or only finishes.

    Raises:
        ModelRefusedError: it is one.
    """
    if reason := why_not_in(stage, info.family, info.variant):
        raise ModelRefusedError(f"checkpoint {info.name!r} {reason}")


def _refuse_foreign_controlnet(info: ModelInfo, checkpoint: ModelInfo) -> None:
    """Refuse a ControlNet whose header tells another family than the checkpoint's.

    Raises:
        ModelRefusedError: it is made for another family.
    """
    if UNKNOWN not in {info.family, checkpoint.family} and info.family != checkpoint.family:
        message = (
            f"ControlNet {info.name!r} is made for {info.family}, and checkpoint "
            f"{checkpoint.name!r} is of family {checkpoint.family}; choose one made for its family"
        )
        raise ModelRefusedError(message)


def _check_sampler(stage: str, settings: StageConfig, info: ModelInfo) -> None:
    """Refuse a stage whose sampler cannot run its checkpoint, as that was trained."""
    sampler = getattr(settings, "sampler", None)
    said = getattr(settings, "prediction_type", AUTOMATIC_PREDICTION)
    prediction = info.prediction_type if said == AUTOMATIC_PREDICTION else said
    if not sampler or not prediction or getattr(settings, "denoising_strength", None) == 0:
        return
    try:
        check_training(sampler, prediction, zero_terminal_snr=info.zero_terminal_snr)
    except ConfigError as error:
        message = f"{stage}, checkpoint {info.name!r}: {error}"
        raise ConfigError(message).about(error.setting, error.choices) from error


def _check_texts(config: PipelineConfig) -> None:
    """Refuse tags that nothing here follows, and what would join too many prompts.

    Raises:
        ConfigError: the message names the tag.
    """
    parse(config.prompt, 1)
    for text in config.texts():
        _, tags = take_loras(text)
        for tag in tags:
            if tag.block_weights is not None:
                read_block_weights(tag.block_weights)


def _check_picture(config: PipelineConfig) -> None:
    """Refuse a mode that starts from a picture when there is none."""
    if config.mode != "txt2img" and config.image is None:
        message = (
            f"mode={config.mode!r} starts from a picture: bench.enhance(picture, config), "
            "or image=bench.keep(picture)"
        )
        raise ConfigError(message)
    if config.mode == "instruct" and any(
        unit.counts for unit in _followed(config.instruct, config)
    ):
        message = "mode='instruct' follows no ControlNet; take control away, or use img2img"
        raise ConfigError(message)
    for unit in _units_of(config):
        check_library(unit.preprocessor)
    if config.mode == "inpaint" and config.inpaint.mask is None:
        message = "inpaint.mask is not set: bench.keep(a picture that is white where to paint)"
        raise ConfigError(message)
    if is_of_another(config):
        message = (
            "the mask of inpaint was painted for another picture than the one that is started "
            "from: paint one for this picture, or remove the mask and choose it again; in code, "
            "medialab.runs.belongings.freed(config) uses it anyway"
        )
        raise ConfigError(message)


def _models_of(config: PipelineConfig) -> list[Model]:
    """Every model that this request will ask for: the checkpoint, then the stages' own."""
    named = [Model("checkpoint", config.checkpoint)]
    for stage in STAGES:
        if config.runs(stage.name):
            named += stage.models(config.settings_for(stage.name, stage.settings))
    return list(dict.fromkeys(named))


ConfigT = TypeVar("ConfigT", bound=PipelineConfig)


def _with_parts(config: ConfigT, changes: Mapping[str, Mapping[str, Any]]) -> ConfigT:
    """The config with some settings of some stages changed, unchecked."""
    parts = {
        name: getattr(config, name).model_copy(update=dict(own)) for name, own in changes.items()
    }
    return config.model_copy(update=parts)


def _units_of(config: PipelineConfig) -> list[ControlUnit]:
    """The ControlNet units that count, the base's and the stages' own."""
    every = [*config.control] if config.takes_base("control") else []
    for name, stage in config:
        if isinstance(stage, SamplingConfig) and config.draws(name):
            every += stage.control or ()
    return [unit for unit in every if unit.counts]


def _followed(part: SamplingConfig, config: PipelineConfig) -> tuple[ControlUnit, ...]:
    """The units of a pass: its own, or the base's."""
    return config.control if part.control is None else part.control


def _drawn(seed: int) -> int:
    return secrets.randbelow(_DRAWN_BELOW) if seed == RANDOM_SEED else seed
