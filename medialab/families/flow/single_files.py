"""Single files of flow-matching checkpoints: whole ones, and denoisers alone.

A file has weights only; the configs are in models/configs. Whole files are laid out as ComfyUI
saves them: the denoiser under `model.diffusion_model.`, text encoders under
`text_encoders.<name>.`, the VAE under `vae.`. The denoiser may have the names of its makers or
those of diffusers.

Source: ComfyUI comfy/supported_models_base.py, `process_clip_state_dict_for_saving` and
`process_vae_state_dict_for_saving`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from medialab.errors import ModelRefusedError
from medialab.families.encoders import encoder_of, variant_of_encoder
from medialab.families.flow.networks import encoder_network, network_of, read_tensors, shape_of
from medialab.families.opening import EncoderFile, Listed, Missing
from medialab.families.vae_files import VAE_NAMES
from medialab.files.headers import Header
from medialab.files.part_configs import read_json
from medialab.files.scaled_weights import precision_of_scaled, scales_in

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

T = TypeVar("T")
_DENOISER = ("model.diffusion_model.", "diffusion_model.")
_VAE = ("vae.", "first_stage_model.")
_ENCODERS = "text_encoders."
_TRANSFORMER = "transformer."


def _told_nothing(
    shapes: Mapping[str, tuple[int, ...]],  # noqa: ARG001 - others look at them
) -> Mapping[str, Mapping[str, Any]]:
    return {}


@dataclass(frozen=True)
class FlowFiles:
    """The layout of a family's single files.

    Attributes:
        denoiser: The denoiser's component, and its class in diffusers.
        encoders: Its text encoders, by component.
        tokenizers: The class of each tokenizer, and its folder in models/configs.
        vae: The class of the VAE in diffusers.
        pads: The token that a tokenizer fills up with, where it is another than its folder's.
        readers: Functions that read a tokenizer which its class cannot read from one folder, given
            the folder of all families' configs.
        told: Returns settings in place of the configs', by component, that a denoiser's layers
            tell: given their shapes by name.
        convert: Gives the denoiser's weights in diffusers' names; without it, diffusers does.
    """

    denoiser: tuple[str, str]
    encoders: Mapping[str, EncoderFile]
    tokenizers: Mapping[str, tuple[str, str]]
    vae: str = "AutoencoderKL"
    pads: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, Callable[[Path], Any]] = field(default_factory=dict)
    told: Callable[[Mapping[str, tuple[int, ...]]], Mapping[str, Mapping[str, Any]]] = _told_nothing
    convert: "Callable[[Tensors], Tensors] | None" = None


def missing_from(header: Header, files: FlowFiles) -> Missing:
    """Return the parts of a checkpoint that are not inside its single file."""
    inside = _split(header.shapes)
    there = [_told(group) for group in inside.encoders]
    return Missing(
        vae=not any(name.startswith("decoder.") for name in inside.vae),
        encoders=tuple(
            name
            for name, wanted in files.encoders.items()
            if not any(wanted.fits(*told) for told in there)
        ),
    )


def stored_in(header: Header) -> str:
    """Return the formats of the denoiser's scaled weights in words; "" if none are scaled."""
    scaled = _split({name: name for name in scales_in(header)}).denoiser.values()
    return precision_of_scaled(header, scaled) if scaled else ""


def load_flow_file(
    path: Path,
    files: FlowFiles,
    dtype: "torch.dtype",
    configs: Path,
    encoders: Sequence[Listed] = (),
) -> Any:
    """Load the pipeline of a single file, inside `opening`.

    Args:
        path: The file.
        files: The layout of the family's files.
        dtype: The weights' dtype.
        configs: The family's folder of configs.
        encoders: The files of the text encoders that it lacks.

    Raises:
        ModelRefusedError: weights are missing, left over or of other shapes; a text encoder is
            missing, or of another family or width.
    """
    import diffusers

    inside = _split(read_tensors(path))
    part, class_name = files.denoiser
    parts: dict[str, Any] = {"vae": None}
    told = files.told(_shapes(inside.denoiser))
    parts[part] = network_of(
        inside.denoiser, class_name, configs / part, dtype, told.get(part), files.convert
    )
    if inside.vae:
        theirs = VAE_NAMES.get(files.vae)
        parts["vae"] = network_of(inside.vae, files.vae, configs / "vae", dtype, convert=theirs)
    for name, wanted in files.encoders.items():
        groups = (one for one in inside.encoders if wanted.fits(*_told(_shapes(one))))
        tensors = next(groups, None) or read_tensors(_chosen(name, wanted, encoders))
        used = {name: one for name, one in tensors.items() if not name.endswith(wanted.left_out)}
        config, places = configs / name, wanted.places
        parts[name] = encoder_network(used, wanted.class_name, config, dtype, places)
    parts |= {name: _tokenizer(name, files, configs.parent) for name in files.tokenizers}
    index = read_json(configs / "model_index.json")
    scheduler = read_json(configs / "scheduler" / "scheduler_config.json")
    kind = getattr(diffusers, scheduler["_class_name"])
    parts["scheduler"] = kind.from_config({**scheduler, **told.get("scheduler", {})})
    settings = {
        name: None if isinstance(value, list) else value
        for name, value in index.items()
        if not name.startswith("_")
    }
    return getattr(diffusers, index["_class_name"])(**{**settings, **parts})


def _tokenizer(name: str, files: FlowFiles, configs: Path) -> Any:
    """Return a tokenizer from the folder of all families' configs."""
    import transformers

    if (read := files.readers.get(name)) is not None:
        return read(configs)
    class_name, folder = files.tokenizers[name]
    pad = {"pad_token": files.pads[name]} if name in files.pads else {}
    own = getattr(transformers, class_name)
    return own.from_pretrained(configs / folder, local_files_only=True, **pad)


def _chosen(name: str, wanted: EncoderFile, encoders: Sequence[Listed]) -> Path:
    """Return the file of a text encoder among those that were chosen."""
    for one in encoders:
        if wanted.fits(one.family, one.variant):
            return one.path
    told = ", ".join(f"{one.name} is {one.family}, {one.variant}" for one in encoders)
    message = f"it lacks its {name}, {wanted}: put one in models/text_encoders and choose it"
    raise ModelRefusedError(f"{message}; {told}" if told else message)


@dataclass(frozen=True)
class _Inside(Generic[T]):
    """The parts of a file: what it holds under each name, the name without the part's prefix."""

    denoiser: dict[str, T]
    vae: dict[str, T]
    encoders: list[dict[str, T]]


def _split(found: Mapping[str, T]) -> "_Inside[T]":
    """Return the parts of a file by its tensors' names."""
    denoiser: dict[str, T] = {}
    vae: dict[str, T] = {}
    encoders: dict[str, dict[str, T]] = {}
    for name, value in found.items():
        if name.startswith(_ENCODERS):
            encoder, _, rest = name.removeprefix(_ENCODERS).partition(".")
            encoders.setdefault(encoder, {})[rest.removeprefix(_TRANSFORMER)] = value
        elif name.startswith(_VAE):
            vae[_without(name, _VAE)] = value
        else:
            denoiser[_without(name, _DENOISER)] = value
    return _Inside(denoiser, vae, list(encoders.values()))


def _without(name: str, prefixes: Iterable[str]) -> str:
    return next((name[len(one) :] for one in prefixes if name.startswith(one)), name)


def _shapes(tensors: "Mapping[str, torch.Tensor]") -> dict[str, tuple[int, ...]]:
    return {name: shape_of(value) for name, value in tensors.items()}


def _told(shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, str]:
    """Return the family and the variant of a text encoder, as a listing tells them."""
    header = Header(shapes, {})
    names = "\n" + "\n".join(shapes) + "\n"
    _, family = encoder_of(names, header) or ("", "")
    return family, variant_of_encoder(header)
