"""A model's folder described from its configs and headers, and refused if it cannot be used."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS, RUNNING
from medialab.families.base import UNKNOWN
from medialab.families.encoders import TEXT
from medialab.families.kinds import Verdict, kind_of_class
from medialab.families.recognition import (
    edition_in_index,
    editions_of,
    family_of_denoiser,
    variant_of_denoiser,
)
from medialab.families.vaes import variant_of_vae_config
from medialab.files.folder_parts import INDEX, folders_read
from medialab.files.headers import FLOATS, Header, read_header
from medialab.files.part_configs import check_network
from medialab.files.predictions import Trained, training_of_scheduler
from medialab.files.scaled_weights import fault_of_scales, is_beside
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.facts import precision_of
from medialab.listing.folders import check_files, files_below, read_config
from medialab.listing.info import (
    FOLDER_OF_KIND,
    KIND_FOLDERS,
    SINGLE_FILE,
    ModelInfo,
    plain_text,
    refused_info,
)
from medialab.listing.runnable import (
    CONTROLNET_CLASSES,
    WAYS_OUT,
    why_not,
)

# Kinds of which a file with unknown layers cannot be used. Upscalers are left to spandrel.
RECOGNISED_BY_LAYERS = frozenset({"lora", "controlnet", "embedding", "vae", "text encoder"})
# Kinds that a header reveals; detectors are recognised by their folder.
RECOGNISED_BY_HEADER = frozenset(KIND_FOLDERS.values()) - {"detector"}
_UNKNOWN_TRAINING = Trained("")
_NOT_ALONE = "it cannot be used alone"
# Kinds whose scaled weights are read, in single files.
READ_WITH_SCALES = frozenset({"checkpoint", TEXT})


def read_folder(path: Path, kind: str, roots: Sequence[Path]) -> ModelInfo:
    """Describe a model's folder; `roots` are the folders that its links may lead into."""
    try:
        files = sorted(files_below(path))
        check_files(path, files, roots)
        verdict, variant = _folder_verdict(path, kind)
        read = folders_read(path) or {path}
        weights = [one for one in files if one.suffix == SINGLE_FILE and one.parent in read]
        headers = {file: read_header(file) for file in weights}
        trained = _folder_trained(path)
        edition = _folder_edition(path, verdict)
    except ModelRefusedError as error:
        return refused_info(path, kind, str(error))
    size = sum(file.stat().st_size for file in files)
    info = info_of(kind, verdict, variant, path, size)
    faults = (fault_of_weights(file, header) for file, header in headers.items())
    info = replace(
        info,
        refused=next(filter(None, faults), info.refused),
        prediction_type=trained.prediction_type,
        zero_terminal_snr=trained.zero_terminal_snr,
        precision=precision_of(headers.values()),
        editions=editions_of(verdict.family, variant) if verdict.kind == "checkpoint" else (),
        edition=edition,
    )
    return info if info.refused else _checked_folder(info)


def _checked_folder(info: ModelInfo) -> ModelInfo:
    """Return the model, refused if the loader would refuse its configs or headers."""
    try:
        _check_as_loader(info)
    except (ModelRefusedError, OSError) as error:
        return replace(info, refused=f"{info.path.name} cannot be loaded: {error}")
    return info


def _check_as_loader(info: ModelInfo) -> None:
    if info.kind == "checkpoint":
        RUNNING[info.family].opening.check_folder(info.path)
    elif info.kind == "controlnet":
        RUNNING[info.family].opening.check_controlnet(info.path)
    elif info.kind == "vae":
        name = str(read_config(info.path / "config.json")["_class_name"])
        check_network(info.path, VAE_CONFIGS[name])


def fault_of_weights(path: Path, header: Header, *, reads_scales: bool = False) -> str | None:
    """Return why a file's weights cannot be used; None if they can.

    They cannot if they are not floating point, or are quantised with scales that are not read.
    """
    if reads_scales and (fault := fault_of_scales(header)) is not None:
        return f"{path.name} {fault}"
    for name, dtype in header.dtypes.items():
        if dtype not in FLOATS and name.endswith((".weight", ".bias")):
            return (
                f"{path.name} holds {dtype} ({name}), a format that weights cannot have; "
                "get it in float16"
            )
        if not reads_scales and is_beside(name):
            return (
                f"{path.name} is quantised, with scales beside its weights ({name}), which is read "
                "of checkpoints and text encoders in a single file alone; get it in float16"
            )
    return None


def _folder_verdict(folder: Path, kind: str) -> tuple[Verdict, str]:
    """Return kind, family and format of a model's folder, and its variant, from its configs."""
    if (folder / INDEX).is_file():
        config = _denoiser_config(folder)
        family = family_of_denoiser(config)
        return Verdict("checkpoint", family, "diffusers"), variant_of_denoiser(config)
    config = read_config(folder / "config.json")
    name = str(config.get("_class_name", ""))
    found = kind_of_class(name)
    if found is None:
        # Detectors are recognised by their folder.
        own = kind if kind == "detector" else UNKNOWN
        if "model_type" in config:
            return Verdict(own, str(config["model_type"]), "transformers"), ""
        return Verdict(own, UNKNOWN, UNKNOWN), ""
    family = family_of_denoiser(config) if found in {"controlnet", "denoiser"} else UNKNOWN
    variant = variant_of_vae_config(config) if found == "vae" else ""
    if found == "controlnet" and name not in CONTROLNET_CLASSES:
        variant = f"class {name}"
    return Verdict(found, family, "diffusers"), variant


def _denoiser_config(folder: Path) -> dict[str, Any]:
    """Return the config of a pipeline's denoiser; empty if there is none."""
    for part in DENOISER_PARTS:
        if (folder / part / "config.json").is_file():
            return read_config(folder / part / "config.json")
    return {}


def _folder_trained(folder: Path) -> Trained:
    """Return how a checkpoint's denoiser was trained, from its scheduler's config."""
    config = folder / "scheduler" / "scheduler_config.json"
    return training_of_scheduler(read_config(config)) if config.is_file() else _UNKNOWN_TRAINING


def _folder_edition(folder: Path, verdict: Verdict) -> str:
    """Return the edition that a checkpoint's index tells; "" if it does not."""
    index = folder / INDEX
    if verdict.kind != "checkpoint" or not index.is_file():
        return ""
    return edition_in_index(verdict.family, read_config(index))


def info_of(kind: str, verdict: Verdict, variant: str, path: Path, size: int) -> ModelInfo:
    """Return a recognised model's entry, refused if it is of another kind or cannot run here."""
    is_file = path.is_file()
    reason = _out_of_place(kind, verdict) or why_not(
        kind, verdict.family, variant, is_file=is_file, written=verdict.format
    )
    return ModelInfo(
        name=plain_text(path.stem if is_file else path.name),
        kind=kind,
        family=verdict.family,
        format=verdict.format,
        path=path,
        size_bytes=size,
        refused=reason and f"{path.name} {reason}",
        variant=variant,
        holds=verdict.kind,
    )


def _out_of_place(kind: str, verdict: Verdict) -> str | None:
    """Return why a model in the folder of another kind is refused; None if it is not."""
    found = verdict.kind
    if found == kind or (found == UNKNOWN and kind not in RECOGNISED_BY_LAYERS):
        return None
    if found == UNKNOWN:
        what = "token vectors" if kind == "embedding" else f"layers of a {kind}"
        return f"holds no known {what}; get it in another format"
    wanted = f"not {_with_article(kind)}"
    if found in RECOGNISED_BY_HEADER:
        return f"holds {_with_article(found)}, {wanted}; move it to {FOLDER_OF_KIND[found]}"
    if found == "denoiser" and verdict.family not in RUNNING:
        return (
            f"holds a denoiser of family {verdict.family}, which does not run here yet; those that "
            f"run are {', '.join(RUNNING)}"
        )
    return f"holds {_with_article(found)}, {wanted}; {WAYS_OUT.get(found, _NOT_ALONE)}"


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
