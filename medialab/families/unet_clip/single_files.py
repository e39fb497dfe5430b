"""Loading of single-file checkpoints in the naming of the original Stable Diffusion.

The file has weights only; the configs are in models/configs, in one folder for each family.
Source of the names: the original repositories' state dicts, which diffusers converts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.opening import Listed
from medialab.families.scales import make_numbers
from medialab.files.part_configs import read_json
from medialab.files.predictions import Trained

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

SHARED_TOKENIZER = "clip-tokenizer"
# CLIP-L pads with its last token, OpenCLIP's with token 0, which is "!".
CLIP_PAD, OPEN_CLIP_PAD = "<|endoftext|>", "!"


@dataclass(frozen=True)
class SingleFile:
    """The layout of a family's single files.

    Attributes:
        pipeline: The diffusers class of the pipeline.
        encoders: The class and the tensors' prefix of each text encoder.
        tokenizers: The padding token of each tokenizer.
        sides: The side, in latents, of the training, by prediction type, if the family's config
            has another.
    """

    pipeline: str
    encoders: Mapping[str, tuple[str, str]]
    tokenizers: Mapping[str, str]
    sides: Mapping[str, int] = field(default_factory=dict)


PLAIN_ENCODER, PROJECTING_ENCODER = "CLIPTextModel", "CLIPTextModelWithProjection"
_UNET, _VAE, _CONTROL = "model.diffusion_model.", "first_stage_model.", "control_model."
FIRST_LAYER = f"{_UNET}input_blocks.0.0.weight"
# Names of tensors of a component that are not weights: position indices, attention masks, the scale
# of CLIP's image half.
_NO_WEIGHTS = ("position_ids", "logit_scale", "attn_mask")
_OF_TRAINING = ("loss.", "model_ema.")


def load_single_file(info: Listed, made: SingleFile, dtype: "torch.dtype", configs: Path) -> Any:
    """Load the pipeline of a single file, inside `opening`.

    Args:
        info: The file's facts; they determine its scheduler.
        made: The layout of the family's files.
        dtype: The weights' dtype. Networks are left in the file's own: see `Opening.file`.
        configs: The family's folder of configs.

    Raises:
        ModelRefusedError: the family has no config here, or weights are missing or left over.
    """
    import diffusers
    from safetensors.torch import load_file
    from transformers import CLIPTokenizer

    folder = configs
    whole = load_file(info.path)
    make_numbers(whole, dtype)
    tensors = _renamed(whole, made)
    shared: dict[str, Any] = {"config": str(folder), "local_files_only": True}
    own = configs.parent / SHARED_TOKENIZER
    unet = diffusers.UNet2DConditionModel.from_single_file(
        tensors,
        subfolder="unet",
        in_channels=channels_of(tensors),
        dtype=_read_as(tensors, _UNET, dtype),
        **_side(info, made),
        **shared,
    )
    _check_used(tensors, _UNET, unet)
    vae = None
    if not info.lacks_vae:
        vae = diffusers.AutoencoderKL.from_single_file(
            tensors, subfolder="vae", dtype=_read_as(tensors, _VAE, dtype), **shared
        )
        _check_used(tensors, _VAE, vae)
    parts: dict[str, Any] = {"unet": unet, "vae": vae}
    for name, (class_name, prefix) in made.encoders.items():
        parts[name] = _text_encoder(tensors, class_name, prefix, folder / name, dtype)
    for name, pad in made.tokenizers.items():
        parts[name] = CLIPTokenizer.from_pretrained(own, pad_token=pad, local_files_only=True)
    index = read_json(folder / "model_index.json")
    scheduler = scheduler_of(folder, Trained(info.prediction_type, info.zero_terminal_snr))
    settings = {
        name: value
        for name, value in index.items()
        if not name.startswith("_") and not isinstance(value, list) and value is not None
    }
    absent = {
        name: None for name, value in index.items() if isinstance(value, list) and not value[0]
    }
    pipeline = getattr(diffusers, made.pipeline)
    return pipeline(**{**absent, **settings, **parts}, scheduler=scheduler)


def absent_vae(folder: Path) -> Any:
    """Return the family's VAE without weights, in place of one that the file lacks.

    It has the config that another VAE is compared with, and cannot run.
    """
    import torch
    from diffusers import AutoencoderKL

    with torch.device("meta"):
        return AutoencoderKL.from_config(read_json(folder / "vae" / "config.json")).eval()


def load_single_controlnet(path: Path, config: Path, dtype: "torch.dtype") -> Any:
    """Load a single-file ControlNet, inside `opening`; names may begin with `control_model.`.

    Args:
        path: The file.
        config: The folder with the family's ControlNet config.
        dtype: The weights' dtype.

    Raises:
        ModelRefusedError: it has differences in place of weights, or does not fit the config.
    """
    from diffusers import ControlNetModel
    from safetensors.torch import load_file

    tensors = load_file(path)
    network = ControlNetModel.from_single_file(
        tensors, config=str(config), dtype=dtype, local_files_only=True
    )
    prefixed = any(name.startswith(_CONTROL) for name in tensors)
    _check_used(tensors, _CONTROL if prefixed else "", network)
    return network


def scheduler_of(folder: Path, trained: Trained) -> Any:
    """Return the family's scheduler with this checkpoint's training."""
    import diffusers

    config = read_json(folder / "scheduler" / "scheduler_config.json")
    said = trained.in_scheduler() if trained.prediction_type else {}
    name = config["_class_name"]
    if trained.zero_terminal_snr:
        # PNDM and others have no such setting; each sampler makes its scheduler from this config.
        name = "EulerDiscreteScheduler"
    return getattr(diffusers, name).from_config(config, **said)


def _side(info: Listed, made: SingleFile) -> dict[str, int]:
    """Return the UNet's `sample_size`, if the family's variants differ by it."""
    side = made.sides.get(info.prediction_type)
    return {"sample_size": side} if side else {}


def channels_of(tensors: "Tensors") -> int:
    """Return the denoiser's input channels.

    Raises:
        ModelRefusedError: the first layer is missing.
    """
    if FIRST_LAYER not in tensors:
        raise ModelRefusedError(f"it lacks {FIRST_LAYER}; download it again")
    return int(tensors[FIRST_LAYER].shape[1])


def _read_as(tensors: "Tensors", prefix: str, dtype: "torch.dtype") -> "torch.dtype":
    """Return the dtype to read a network in: its own, if all of its weights have the same.

    They then stay where the file is mapped, until they are converted and laid out in one copy.
    """
    import torch

    own = {value.dtype for name, value in tensors.items() if name.startswith(prefix)}
    floats = {one for one in own if one.is_floating_point}
    known = {torch.float32, torch.float16, torch.bfloat16}
    return floats.pop() if len(floats) == 1 and floats <= known else dtype


def _renamed(tensors: "Tensors", made: SingleFile) -> "Tensors":
    """Return the tensors by the names that diffusers converts.

    Some merges write CLIP-L without its `text_model.`.
    """
    found = {}
    for name, value in tensors.items():
        place = name
        for class_name, prefix in made.encoders.values():
            rest = name.removeprefix(prefix)
            bare = prefix.endswith("transformer.") and class_name == PLAIN_ENCODER and rest != name
            if bare and rest.startswith(("embeddings.", "encoder.", "final_layer_norm.")):
                place = f"{prefix}text_model.{rest}"
        found[place] = value
    return found


def _text_encoder(
    tensors: "Tensors", class_name: str, prefix: str, folder: Path, dtype: "torch.dtype"
) -> Any:
    import transformers
    from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm

    own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    encoder = create_diffusers_clip_model_from_ldm(
        getattr(transformers, class_name),
        checkpoint=own,
        subfolder=folder.name,
        config=str(folder.parent),
        torch_dtype=_read_as(tensors, prefix, dtype),
        local_files_only=True,
    )
    if prefix.endswith("transformer."):
        _check_used(tensors, prefix, encoder)
    else:
        # OpenCLIP has q, k and v in one tensor, and SD2 omits the last layer: layers are counted.
        start = f"{prefix}transformer.resblocks."
        layers = {name.removeprefix(start).split(".")[0] for name in own if name.startswith(start)}
        wanted = encoder.config.num_hidden_layers
        if not wanted <= len(layers) <= wanted + 1:
            message = f"its {folder.name} has {len(layers)} layers, where {wanted} are known"
            raise ModelRefusedError(message)
    return encoder


def _check_used(tensors: "Tensors", prefix: str, network: Any) -> None:
    """Refuse a file whose component has more or fewer weights than the network."""
    own = [
        name
        for name in tensors
        if name.startswith(prefix)
        and not name.endswith(_NO_WEIGHTS)
        and not name.removeprefix(prefix).startswith(_OF_TRAINING)
    ]
    room = sum(1 for name in network.state_dict() if not name.endswith(_NO_WEIGHTS))
    if len(own) != room:
        message = (
            f"it holds {len(own)} weights named {prefix}…, where a {type(network).__name__} of its "
            f"family has {room}; choose another file"
        )
        raise ModelRefusedError(message)
