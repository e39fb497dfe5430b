"""A model described from its header or its configs, and refused where it could not be used."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS, FAMILIES, RUNNING
from medialab.families.base import UNKNOWN
from medialab.families.kinds import WITHOUT_VAE, Verdict, classify, kind_of_class
from medialab.families.recognition import (
    family_of_denoiser,
    variant_of_denoiser,
    variant_of_header,
)
from medialab.families.token_vectors import layout_of
from medialab.families.vaes import variant_of_vae, variant_of_vae_config
from medialab.files.folder_parts import folders_read
from medialab.files.headers import FLOATS, Header, read_header
from medialab.files.part_configs import check_network
from medialab.files.predictions import Trained, training_of_file, training_of_scheduler
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.folders import check_files, files_below, read_config
from medialab.listing.info import (
    FOLDER_OF_KIND,
    KIND_FOLDERS,
    OF_DETECTORS,
    SINGLE_FILE,
    ModelInfo,
    plain_text,
    refused_info,
)
from medialab.listing.runnable import (
    CONTROLNET_CLASSES,
    WAYS_OUT,
    variant_of_controlnet,
    why_not,
)

# Kinds of which a file with unknown layers cannot be used. Upscalers are left to spandrel.
RECOGNISED_BY_LAYERS = frozenset({"lora", "controlnet", "embedding", "vae"})
# Kinds that a header reveals; detectors are recognised by their folder.
RECOGNISED_BY_HEADER = frozenset(KIND_FOLDERS.values()) - {"detector"}
_UNKNOWN_TRAINING = Trained("")
_NOT_ALONE = "it cannot be used alone"


def read_folder(path: Path, kind: str, root: Path) -> ModelInfo:
    """Describe a model's folder; `root` is the folder that links must not leave."""
    try:
        files = sorted(files_below(path))
        check_files(path, files, root)
        verdict, variant = _folder_verdict(path, kind)
        read = folders_read(path) or {path}
        for file in files:
            if file.suffix == SINGLE_FILE and file.parent in read:
                _refuse_no_weights(file, read_header(file))
        trained = _folder_trained(path)
    except ModelRefusedError as error:
        return refused_info(path, kind, str(error))
    size = sum(file.stat().st_size for file in files)
    info = _info_of(kind, verdict, variant, trained, path, size)
    return info if info.refused else _checked_folder(info)


def read_file(path: Path, kind: str) -> ModelInfo:
    """Describe a model that is one file."""
    if (other := OF_DETECTORS.get(path.suffix.lower())) is not None:
        format_, check = other
        try:
            check(path)
        except ModelRefusedError as error:
            return refused_info(path, kind, str(error))
        name = plain_text(path.stem)
        return ModelInfo(name, kind, UNKNOWN, format_, path, path.stat().st_size)
    try:
        header = read_header(path)
        _refuse_no_weights(path, header)
        verdict = classify(header)
        lacks_vae = verdict.kind == WITHOUT_VAE
        if lacks_vae:
            verdict = verdict._replace(kind="checkpoint")
        trained = _UNKNOWN_TRAINING
        if verdict.kind == "checkpoint":
            family = FAMILIES.get(verdict.family)
            trained = training_of_file(
                path, header, family.recognition.predicts if family else None
            )
    except ModelRefusedError as error:
        return refused_info(path, kind, str(error))
    variant = _variant_of_file(verdict, header)
    info = _info_of(kind, verdict, variant, trained, path, path.stat().st_size)
    info = replace(info, lacks_vae=lacks_vae)
    layout = layout_of(header.shapes) if verdict.kind == "embedding" else None
    return replace(info, aliases=tuple(map(plain_text, layout.tokens))) if layout else info


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


# Ends of the names of scales in quantised models.
_SCALES = (".scale_weight", ".weight_scale", "scaled_fp8", ".comfy_quant")


def _refuse_no_weights(path: Path, header: Header) -> None:
    """Refuse a file whose weights are not floating point, or are quantised with scales.

    Raises:
        ModelRefusedError: they are; the message names the tensor.
    """
    for name, dtype in header.dtypes.items():
        if dtype not in FLOATS and name.endswith((".weight", ".bias")):
            message = (
                f"{path.name} holds {dtype} ({name}), a format that weights cannot have; "
                "get it in float16"
            )
            raise ModelRefusedError(message)
        if name.endswith(_SCALES):
            message = (
                f"{path.name} is quantised, with scales beside its weights ({name}), which is not "
                "supported; get it in float16"
            )
            raise ModelRefusedError(message)


def _folder_verdict(folder: Path, kind: str) -> tuple[Verdict, str]:
    """Return kind, family and format of a model's folder, and its variant, from its configs."""
    if (folder / "model_index.json").is_file():
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


def _variant_of_file(verdict: Verdict, header: Header) -> str:
    if verdict.kind == "checkpoint":
        return variant_of_header(verdict.family, header)
    if verdict.kind == "controlnet":
        return variant_of_controlnet(header)
    return variant_of_vae(header) if verdict.kind == "vae" else ""


def _info_of(
    kind: str, verdict: Verdict, variant: str, trained: Trained, path: Path, size: int
) -> ModelInfo:
    """Return a recognised model's entry, refused if it is of another kind or cannot run here."""
    is_file = path.is_file()
    reason = _out_of_place(kind, verdict.kind) or why_not(
        kind, verdict.family, variant, is_file=is_file, written=verdict.format
    )
    return ModelInfo(
        plain_text(path.stem if is_file else path.name),
        kind,
        verdict.family,
        verdict.format,
        path,
        size,
        reason and f"{path.name} {reason}",
        variant,
        *trained,
    )


def _out_of_place(kind: str, found: str) -> str | None:
    """Return why a model in the folder of another kind is refused; None if it is not."""
    if found == kind or (found == UNKNOWN and kind not in RECOGNISED_BY_LAYERS):
        return None
    if found == UNKNOWN:
        what = "token vectors" if kind == "embedding" else f"layers of a {kind}"
        return f"holds no known {what}; get it in another format"
    wanted = f"not {_with_article(kind)}"
    if found in RECOGNISED_BY_HEADER:
        return f"holds {_with_article(found)}, {wanted}; move it to {FOLDER_OF_KIND[found]}"
    return f"holds {_with_article(found)}, {wanted}; {WAYS_OUT.get(found, _NOT_ALONE)}"


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
