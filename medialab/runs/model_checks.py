"""Refuse requests whose models are missing or do not fit together, by their headers.

Nothing is loaded, and no weight is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.base import UNKNOWN
from medialab.families.vaes import is_made_for, reads, shared_latents
from medialab.listing.info import FOLDER_OF_KIND, ModelInfo
from medialab.listing.runnable import why_not_after, why_not_in
from medialab.listing.single_files import GGUF
from medialab.listing.snapshot import Snapshot
from medialab.loading.networks import refuse_weight_dtype
from medialab.loading.vaes import refuse_unfitting
from medialab.lora import names_in, refuse_family
from medialab.process.libraries import check_installed
from medialab.runs.control_checks import check_units
from medialab.runs.plan import StageRequest
from medialab.runs.used_models import optional_models
from medialab.settings.fields import NameOf, StageConfig
from medialab.settings.loras import asked_loras
from medialab.settings.samplers import AUTOMATIC_PREDICTION
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Model


def check_models(config: PipelineConfig, stages: Sequence[StageRequest], listing: Snapshot) -> None:
    """Refuse models that are missing, or made for another family than a stage's checkpoint.

    Raises:
        ModelNotFoundError: no such model.
        ModelRefusedError: its file is a pickle, or broken, or made for another family.
        ConfigError: a sampler or a VAE does not fit a stage's checkpoint, or a ControlNet's
            preprocessor needs another kind of model.
    """
    # A picture's own sidecar names optional models that it was made without.
    absent = optional_models(config, stages) if isinstance(config, ResolvedConfig) else []
    for one in stages:
        with _naming(one.name):
            _check_stage(one, config, listing, absent)


def _check_stage(
    one: StageRequest, config: PipelineConfig, listing: Snapshot, absent: Sequence[Model]
) -> None:
    stage, settings = one.name, one.settings
    found = {model: _find(model, settings, listing) for model in one.models if model not in absent}
    if any(model.kind == "upscaler" for model in found):
        check_installed("spandrel")
    if not config.is_drawn:
        return
    own = getattr(settings, "checkpoint", None) if config.draws(stage) else None
    info = listing.find(own or config.checkpoint, "checkpoint")
    _check_sampler(stage, settings, info)
    samples = bool(getattr(settings, "sampler", None)) and config.draws(stage)
    if samples:
        _refuse_made_for_another(stage, info, listing)
    _check_stored(info, config)
    if samples:
        _check_step_cache(config, info)
    draws = getattr(settings, "denoising_strength", None) != 0
    if info.lacks_vae and draws and getattr(settings, "vae", None) == "":
        raise _without_vae(stage, info, listing)
    for model, it in found.items():
        if model.kind == "lora":
            refuse_family(model.name, it.family, info.family)
            names_in(RUNNING[info.family])
        elif model.kind == "controlnet":
            _refuse_foreign_controlnet(it, info)
        elif model.kind == "vae":
            refuse_unfitting(it, info.family)
            _refuse_foreign_vae(stage, config, info.family, listing)
    _check_block_weights(settings, config, info)
    check_units(getattr(settings, "control", None) or (), found)


def _find(model: Model, settings: Any, listing: Snapshot) -> ModelInfo:
    """Return a model that a stage names.

    Raises:
        ModelNotFoundError: there is none; the message has the names that need no file, too.
        ModelRefusedError: it cannot be used.
    """
    try:
        return listing.find(model.name, model.kind)
    except ModelNotFoundError as error:
        rules = [rule for field in type(settings).model_fields.values() for rule in field.metadata]
        also = [rule.also for rule in rules if isinstance(rule, NameOf) and rule.kind == model.kind]
        if not any(also) or error.setting != model.kind:
            raise
        known = [*error.choices, *dict.fromkeys(name for names in also for name in names)]
        folder = f"models/{FOLDER_OF_KIND[model.kind]}"
        raise ModelNotFoundError.among(model.name, model.kind, folder, known) from error


def _check_stored(info: ModelInfo, config: PipelineConfig) -> None:
    """Refuse quantised weights without the library that reads them, or in another dtype.

    Raises:
        ModelRefusedError: they are not to be stored as they are.
        MissingLibraryError: the library is not installed.
    """
    refuse_weight_dtype(info, config.weight_dtype)
    if info.format == GGUF:
        check_installed("gguf")


def _check_step_cache(config: PipelineConfig, info: ModelInfo) -> None:
    """Refuse a step cache with a checkpoint whose family has none.

    Raises:
        ModelRefusedError: as said; the message has the families that have one.
    """
    if config.step_cache and not RUNNING[info.family].reused_blocks:
        able = ", ".join(name for name, one in RUNNING.items() if one.reused_blocks)
        message = (
            f"checkpoint {info.name!r} is of family {info.family}, which computes every step in "
            f"full: set step_cache=0, or choose a checkpoint of {able}"
        )
        raise ModelRefusedError(message).about("step_cache", ("0",))


def _check_block_weights(settings: Any, config: PipelineConfig, info: ModelInfo) -> None:
    """Refuse block weights that are not for the blocks of the checkpoint's family.

    Raises:
        ConfigError: the message says which there are.
    """
    own = settings if isinstance(settings, SamplingConfig) else config
    if getattr(settings, "sampler", None) is None:
        return
    for lora in asked_loras(own.prompt or "", own.loras or ()):
        if lora.block_weights is not None:
            names_in(RUNNING[info.family]).read_block_weights(lora.block_weights)


def check_handover(config: PipelineConfig, listing: Snapshot) -> None:
    """Refuse a handover checkpoint that cannot continue the base's denoising.

    Raises:
        ConfigError: it is of another family, made for another task, or was trained with another
            noise; or no ControlNet would be followed after it.
        ModelRefusedError, MissingLibraryError: its quantised weights cannot be read as they are.
    """
    if not config.hands_over:
        return
    names = config.checkpoint, config.handover_checkpoint
    first, second = (listing.find(name, "checkpoint") for name in names)
    base, other = first.family, second.family
    if reason := why_not_after(first, second):
        raise ConfigError(f"handover_checkpoint {names[1]!r} {reason}")
    _check_stored(second, config)
    if other != base and config.runs("control"):
        message = (
            f"handover_checkpoint {names[1]!r} follows no ControlNet for {base}; "
            "take control away, or hand over to a checkpoint of the same family"
        )
        raise ConfigError(message)
    if RUNNING[base].control_following is not None and config.runs("control"):
        message = (
            f"handover_checkpoint {names[1]!r} would follow no ControlNet: those of {base} are "
            "followed by the first checkpoint alone; take control away, or the handover"
        )
        raise ConfigError(message)


def _without_vae(stage: str, info: ModelInfo, listing: Snapshot) -> ConfigError:
    """Return the error for a stage whose checkpoint has no VAE, and that has no other."""
    family = RUNNING[info.family]
    known = [
        one.name
        for one in listing.models("vae")
        if one.refused is None
        and reads(family, one.variant)
        and is_made_for(family, one.name) is not False
    ]
    setting = "vae" if stage in {"prompt", "txt2img"} else f"{stage}.vae"
    message = (
        f"{stage}: checkpoint {info.name!r} has no VAE: set {setting} to one "
        f"made for {info.family} in models/vae ({', '.join(known) or 'there is none yet'})"
    )
    return ConfigError(message).about(setting, known)


def _refuse_foreign_vae(stage: str, config: PipelineConfig, family: str, listing: Snapshot) -> None:
    """Refuse an inherited VAE for a stage whose checkpoint reads other latents.

    The shape of a VAE does not tell its family, so a VAE that the stage sets itself is accepted.

    Args:
        stage: the stage's name.
        config: the request.
        family: the name of the family of the stage's checkpoint.
        listing: the models as the request sees them.

    Raises:
        ConfigError: the base's checkpoint is of a family with other latents.
    """
    own = getattr(config, stage, None)
    base = listing.find(config.checkpoint, "checkpoint").family
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
    """Begin the message of our errors in the block with the stage's name."""
    try:
        yield
    except MediaLabError as error:
        if not str(error).startswith(stage):
            error.args = (f"{stage}: {error.message}",)
        raise


def _refuse_made_for_another(stage: str, info: ModelInfo, listing: Snapshot) -> None:
    """Refuse a checkpoint that a stage cannot draw with: one that edits, or only finishes.

    Raises:
        ModelRefusedError: it is one; the error's choices are those that can.
    """
    if reason := _why_not_in(stage, info):
        usable = [one for one in listing.models("checkpoint") if one.refused is None]
        fitting = [one.name for one in usable if not _why_not_in(stage, one)]
        error = ModelRefusedError(f"checkpoint {info.name!r} {reason}")
        raise error.about("checkpoint", fitting)


def _why_not_in(stage: str, info: ModelInfo) -> str | None:
    return why_not_in(stage, info.family, info.variant, info.edition)


def _refuse_foreign_controlnet(info: ModelInfo, checkpoint: ModelInfo) -> None:
    """Refuse a ControlNet whose header names another family than the checkpoint's.

    Raises:
        ModelRefusedError: it does.
    """
    if UNKNOWN not in {info.family, checkpoint.family} and info.family != checkpoint.family:
        message = (
            f"ControlNet {info.name!r} is made for {info.family}, and checkpoint "
            f"{checkpoint.name!r} is of family {checkpoint.family}; choose one made for its family"
        )
        raise ModelRefusedError(message)


def _check_sampler(stage: str, settings: StageConfig, info: ModelInfo) -> None:
    """Refuse a sampler that cannot run a stage's checkpoint with the prediction it was trained for.

    Raises:
        ConfigError: the family of the checkpoint runs other samplers.
    """
    sampler = getattr(settings, "sampler", None)
    said = getattr(settings, "prediction_type", AUTOMATIC_PREDICTION)
    prediction = info.prediction_type if said == AUTOMATIC_PREDICTION else said
    if not sampler or not prediction or getattr(settings, "denoising_strength", None) == 0:
        return
    try:
        RUNNING[info.family].schedulers.check(
            sampler,
            getattr(settings, "schedule", "automatic"),
            prediction,
            zero_terminal_snr=info.zero_terminal_snr,
        )
    except ConfigError as error:
        message = f"{stage}, checkpoint {info.name!r}: {error}"
        refused = ConfigError(message).about(error.setting, error.choices)
        if error.setting in {"sampler", "schedule"}:
            own = RUNNING[info.family].defaults
            hint = (
                f"bench.defaults({info.name!r}) returns the settings to begin with, "
                f"with the family's own sampler, {own.sampler!r}, and schedule {own.schedule!r}"
            )
            refused.in_code(hint)
        raise refused from error
