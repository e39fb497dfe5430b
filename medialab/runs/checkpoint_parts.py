"""The parts that a checkpoint's file lacks: chosen when a request is resolved.

Where exactly one file fits, it is chosen; the resolved request names it, so that the record has its
name and hash, the cache's key includes it, and the picture is made again with the same.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.opening import EncoderFile
from medialab.families.vaes import is_made_for, reads
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.settings.fields import names_in_list

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)
_KIND, _FOLDER = "text encoder", "models/text_encoders"


def with_checkpoint_parts(config: ConfigT, listing: Snapshot) -> ConfigT:
    """Return the request with the names of the parts that its checkpoints' files lack.

    A resolved request names them already.

    Raises:
        ConfigError: a part is missing, or more than one fits, or one that is named does not.
        ModelNotFoundError: a checkpoint or a named part is not there.
        ModelRefusedError: it cannot be used.
    """
    drawing = config.drawing_parts()
    if isinstance(config, ResolvedConfig) or not config.is_drawn:
        return config
    base = listing.find(config.checkpoint, "checkpoint")
    other = listing.find(config.takes_over, "checkpoint") if config.hands_over else None
    changes: dict[str, Any] = {}
    if other is not None and other.lacks_encoders and not base.lacks_encoders:
        changes |= _chosen(base, "", config.vae, "", listing)
        changes |= _chosen(other, config.text_encoder, None, "", listing)
    else:
        changes |= _chosen(base, config.text_encoder, config.vae, "", listing)
    for name, part in drawing.items():
        is_another = part.checkpoint not in {None, config.checkpoint}
        if not is_another and part.text_encoder is None:
            continue
        try:
            info = listing.find(part.checkpoint, "checkpoint") if part.checkpoint else base
        except (ModelNotFoundError, ModelRefusedError):
            continue  # the check of models says so, and names the stage
        # A VAE that was chosen for the base's checkpoint is not for another.
        vae = "" if is_another and part.vae is None and "vae" in changes else part.vae
        found = _chosen(info, part.text_encoder or "", vae, f"{name}.", listing)
        if vae is not None and vae != part.vae:
            found = {"vae": vae, **found}
        if found:
            changes[name] = part.model_copy(update=found)
    return config.model_copy(update=changes) if changes else config


def _chosen(
    info: ModelInfo, encoders: str, vae: str | None, stage: str, listing: Snapshot
) -> dict[str, str]:
    """Return the settings that name a checkpoint's parts, as far as they are not set.

    Args:
        info: The checkpoint.
        encoders: The text encoders that are named; "" for none.
        vae: The VAE that is named; "" for the checkpoint's own, None for the base's.
        stage: The beginning of the settings' names, such as "refiner."; "" for the base's.
        listing: The models as the request sees them.
    """
    found: dict[str, str] = {}
    setting = f"{stage}text_encoder"
    wanted = [RUNNING[info.family].opening.encoder_files[one] for one in info.lacks_encoders]
    if encoders:
        _check_named(info, wanted, names_in_list(encoders), setting, listing)
    elif wanted:
        found["text_encoder"] = ", ".join(
            dict.fromkeys(_only(info, one, setting, listing) for one in wanted)
        )
    if info.lacks_vae and vae == "" and RUNNING[info.family].opening.encoder_files:
        fitting = _fitting_vaes(info.family, listing)
        if len(fitting) == 1:  # else the check of models says what is there
            found["vae"] = fitting[0]
    return found


def _fitting_vaes(family: str, listing: Snapshot) -> list[str]:
    """Return the names of the VAEs that a family may use: those made for it, if any are known.

    Otherwise those of its latents of which nothing tells that they are made for another.
    """
    own = RUNNING[family]
    there = [one for one in _usable("vae", listing) if reads(own, one.variant)]
    told = {one.name: is_made_for(own, one.name) for one in there}
    known = [name for name, is_own in told.items() if is_own]
    return known or [name for name, is_own in told.items() if is_own is None]


def _only(info: ModelInfo, wanted: EncoderFile, setting: str, listing: Snapshot) -> str:
    """Return the name of the only text encoder that fits.

    Raises:
        ConfigError: there is none, or there are several.
    """
    there = _usable(_KIND, listing)
    fitting = [one.name for one in there if wanted.fits(one.family, one.variant)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        message = (
            f"checkpoint {info.name!r} has no text encoder in its file, and {len(fitting)} in "
            f"{_FOLDER} fit: set {setting} to one of {', '.join(fitting)}"
        )
    else:
        others = ", ".join(f"{one.name} ({one.family}, {one.variant})" for one in there)
        message = (
            f"checkpoint {info.name!r} has no text encoder in its file: put {wanted} in {_FOLDER} "
            f"(there: {others or 'none'}), or get the checkpoint with all its parts"
        )
    raise ConfigError(message).about(setting, fitting)


def _check_named(
    info: ModelInfo,
    wanted: Sequence[EncoderFile],
    names: Sequence[str],
    setting: str,
    listing: Snapshot,
) -> None:
    """Refuse named text encoders that a checkpoint does not need, and a lack of one that it does.

    Raises:
        ConfigError: as said.
    """
    if not wanted:
        message = (
            f"{setting}={', '.join(names)}: checkpoint {info.name!r} has its own text encoder; "
            f"leave {setting} empty"
        )
        raise ConfigError(message).about(setting)
    named = [listing.find(name, _KIND) for name in names]
    needs = " and ".join(map(str, wanted))
    for one in named:
        if not any(each.fits(one.family, one.variant) for each in wanted):
            message = (
                f"{setting}: {one.name!r} is {one.family}, {one.variant}; checkpoint "
                f"{info.name!r} of family {info.family} needs {needs}"
            )
            raise ConfigError(message).about(setting)
    for each in wanted:
        if not any(each.fits(one.family, one.variant) for one in named):
            message = (
                f"{setting} names no {each}; checkpoint {info.name!r} of family {info.family} "
                f"needs {needs}: name all of them, with commas between, or none"
            )
            raise ConfigError(message).about(setting)


def _usable(kind: str, listing: Snapshot) -> list[ModelInfo]:
    return [one for one in listing.models(kind) if one.refused is None]
