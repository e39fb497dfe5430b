"""Z-Image's ControlNets in a single file: the config is read from the weights.

Source: diffusers, `infer_diffusers_model_type` and the converter for ZImageControlNetModel; the
layers' places in the files of alibaba-pai (Z-Image-Turbo-Fun-Controlnet-Union 1, 2.0 and 2.1).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.files.diffusers_folders import check_whole

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]

# The layers of the published transformers, over which a ControlNet's are spread evenly.
_LAYERS = 30
_PATCH = "control_all_x_embedder.2-1.weight"
_REFINER = "control_noise_refiner."
_NUMBERS_IN_A_PATCH = 4  # for each channel: 2 × 2 latents


def load_control_file(path: Path, dtype: "torch.dtype") -> Any:
    """Load a ControlNet from its file.

    Raises:
        ModelRefusedError: weights are missing, left over or of another shape.
    """
    import torch
    from diffusers import ZImageControlNetModel
    from safetensors.torch import load_file

    tensors = load_file(path)
    config = config_of(tensors)
    if config["add_control_noise_refiner"] == "control_layers":
        # It refines with its other layers; those of the refiner are as before the training.
        tensors = {name: one for name, one in tensors.items() if not name.startswith(_REFINER)}
    with torch.device("meta"):
        network = ZImageControlNetModel(**config)
    wanted = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    found = {name: tuple(one.shape) for name, one in tensors.items()}
    differing = (name for name in wanted.keys() & found.keys() if wanted[name] != found[name])
    report = {
        "missing_keys": wanted.keys() - found.keys(),
        "unexpected_keys": found.keys() - wanted.keys(),
        "mismatched_keys": (f"{one} {found[one]}, not {wanted[one]}" for one in differing),
    }
    check_whole(report, path.name)
    network.load_state_dict(tensors, assign=True)
    return network.to(dtype).eval()


def config_of(tensors: "Tensors") -> dict[str, Any]:
    """Return the settings of the network whose weights these are.

    Raises:
        ModelRefusedError: the weights that tell them are missing.
    """
    layers, refiners = (_count(tensors, start) for start in ("control_layers.", _REFINER))
    heads = tensors.get("control_layers.0.attention.norm_q.weight")
    if _PATCH not in tensors or heads is None or not layers or not refiners:
        raise ModelRefusedError("it lacks layers of a ControlNet of Z-Image; download it again")
    width, numbers = tensors[_PATCH].shape
    many = width // heads.shape[0]
    return {
        "control_layers_places": [_LAYERS * one // layers for one in range(layers)],
        "control_refiner_layers_places": list(range(refiners)),
        "control_in_dim": numbers // _NUMBERS_IN_A_PATCH,
        "add_control_noise_refiner": _refined_by(tensors),
        "dim": width,
        "n_refiner_layers": refiners,
        "n_heads": many,
        "n_kv_heads": many,
    }


def _refined_by(tensors: "Tensors") -> str | None:
    """Return the layers that refine the noise with the control image; None in version 1."""
    before = tensors.get(f"{_REFINER}0.before_proj.weight")
    if before is None:
        return None
    return "control_noise_refiner" if bool(before.any()) else "control_layers"


def _count(tensors: "Tensors", start: str) -> int:
    return len({name.split(".")[1] for name in tensors if name.startswith(start)})
