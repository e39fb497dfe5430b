"""A model that is one file, described from its header, and refused if it cannot be used."""

from dataclasses import replace
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families import FAMILIES, RUNNING
from medialab.families.base import UNKNOWN
from medialab.families.encoders import TEXT, variant_of_encoder
from medialab.families.kinds import WITHOUT_VAE, Verdict, classify
from medialab.families.opening import Missing
from medialab.families.recognition import (
    edition_of_header,
    editions_of,
    prediction_of,
    variant_of_header,
)
from medialab.families.token_vectors import layout_of
from medialab.families.vaes import variant_of_vae
from medialab.files.gguf import OPENED, SUFFIX, quantisation, read_gguf_header
from medialab.files.headers import Header, read_header
from medialab.files.predictions import Trained, training_of_file
from medialab.listing.descriptions import READ_WITH_SCALES, fault_of_weights, info_of
from medialab.listing.facts import precision_of, ranks_of, trained_words_of
from medialab.listing.info import OF_DETECTORS, ModelInfo, plain_text, refused_info
from medialab.listing.runnable import variant_of_controlnet

GGUF = "gguf"  # a format
_DENOISERS = ("checkpoint", "denoiser")


def read_file(path: Path, kind: str) -> ModelInfo:
    """Describe a model that is one file."""
    if (other := OF_DETECTORS.get(path.suffix.lower())) is not None:
        format_, check = other
        try:
            check(path)
        except ModelRefusedError as error:
            return refused_info(path, kind, str(error))
        name = plain_text(path.stem)
        size = path.stat().st_size
        return ModelInfo(name, kind, UNKNOWN, format_, path, size, holds="detector")
    is_gguf = path.suffix.lower() == SUFFIX
    try:
        header = read_gguf_header(path) if is_gguf else read_header(path)
    except ModelRefusedError as error:
        return refused_info(path, kind, str(error))
    return _described(path, kind, header, is_gguf=is_gguf)


def _described(path: Path, kind: str, header: Header, *, is_gguf: bool) -> ModelInfo:
    verdict = classify(header)
    held = verdict.kind
    missing = _missing_from(verdict, header)
    if missing is not None:
        verdict = verdict._replace(kind="checkpoint")
    variant = _variant_of(verdict, header)
    info = info_of(kind, verdict, variant, path, path.stat().st_size)
    trained, fault = _training_of(path, verdict, header)
    if not is_gguf:
        reads_scales = verdict.kind in READ_WITH_SCALES
        fault = fault_of_weights(path, header, reads_scales=reads_scales) or fault
    editions: tuple[str, ...] = ()
    if verdict.kind in _DENOISERS:
        editions = editions_of(verdict.family, variant, is_file=True)
    layout = layout_of(header.shapes) if verdict.kind == "embedding" else None
    info = replace(
        info,
        refused=fault or info.refused,
        prediction_type=trained.prediction_type,
        zero_terminal_snr=trained.zero_terminal_snr,
        holds=info.holds if held == WITHOUT_VAE else held,
        lacks_vae=missing is not None and missing.vae,
        lacks_encoders=missing.encoders if missing is not None else (),
        aliases=tuple(map(plain_text, layout.tokens)) if layout else (),
        precision=quantisation(header) if is_gguf else precision_of([header]),
        stored=_stored(verdict, header),
        ranks=ranks_of(header) if verdict.kind == "lora" else (),
        trained_words=trained_words_of(header),
        editions=editions,
        edition=edition_of_header(verdict.family, editions, header),
    )
    return _as_gguf(info, header) if is_gguf else info


def _missing_from(verdict: Verdict, header: Header) -> Missing | None:
    """Return the parts that a checkpoint's file lacks; None for a whole one, or another kind."""
    family = RUNNING.get(verdict.family)
    if verdict.kind not in {*_DENOISERS, WITHOUT_VAE} or family is None or not family.file_variants:
        found = None
    else:
        found = family.opening.missing(header)
    return found or (Missing(vae=True, encoders=()) if verdict.kind == WITHOUT_VAE else None)


def _stored(verdict: Verdict, header: Header) -> str:
    """Return how a checkpoint's denoiser stays stored in memory; "" if as its precision."""
    family = RUNNING.get(verdict.family)
    return family.opening.stored(header) if family and verdict.kind == "checkpoint" else ""


def _training_of(path: Path, verdict: Verdict, header: Header) -> tuple[Trained, str | None]:
    """Return how a model was trained, and why that is not supported; None if it is."""
    if verdict.kind not in {*_DENOISERS, "lora"}:
        return Trained(""), None
    if verdict.kind == "lora":  # it changes any denoiser of its family
        family, otherwise = None, ""
    else:
        family, otherwise = FAMILIES.get(verdict.family), prediction_of(verdict.family)
    whole = family if verdict.kind == "checkpoint" else None
    try:
        predicts = whole.recognition.predicts if whole else None
        return training_of_file(path, header, predicts, otherwise), None
    except ModelRefusedError as error:
        return Trained(""), str(error)


def _as_gguf(info: ModelInfo, header: Header) -> ModelInfo:
    """Return the entry of a GGUF file, refused if it is no denoiser that is opened."""
    held = info.holds if info.holds != UNKNOWN else "model"
    of = f" of {info.precision}" if info.precision else ""
    if held == "denoiser" and info.lacks_encoders:
        unknown = (name for name, one in header.dtypes.items() if one not in OPENED)
        if info.refused is None and (name := next(unknown, None)) is not None:
            reason = (
                f"{info.path.name} has weights of {header.dtypes[name]} ({name}), which are not "
                f"opened here; those that are: {', '.join(sorted(OPENED))}"
            )
            return replace(info, format=GGUF, refused=reason)
        return replace(info, format=GGUF, stored=f"GGUF {info.precision}")
    reason = (
        f"{info.path.name} is a GGUF file{of}: a {held} of family {info.family}. "
        "Of GGUF files, denoisers of some families are opened (docs/models.md); get it as "
        "safetensors, or as a diffusers folder"
    )
    return replace(info, format=GGUF, refused=reason)


def _variant_of(verdict: Verdict, header: Header) -> str:
    if verdict.kind in _DENOISERS:
        return variant_of_header(verdict.family, header)
    if verdict.kind == "controlnet":
        return variant_of_controlnet(header)
    if verdict.kind == TEXT:
        return variant_of_encoder(header)
    return variant_of_vae(header) if verdict.kind == "vae" else ""
