"""Networks built from the weights of a file and a config of models/configs, each wholly checked.

Weights of a GGUF file, and scaled ones of eight bits, stay as they are quantised: each layer
computes with its own, made floating point when it runs.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.families.scales import load_scaled, make_numbers, renamed, take_scales
from medialab.files.diffusers_folders import check_whole
from medialab.files.gguf import SUFFIX
from medialab.files.part_configs import read_json
from medialab.process.libraries import require

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

# Beginnings of a language model's names that its encoder's do not have.
_BEFORE = ("transformer.", "model.")
# Ends of the names of a text encoder's tensors that compute nothing here: position indices, the
# scale of CLIP's image half, the words that a language model answers with, a tokenizer.
_NO_WEIGHTS = ("position_ids", "logit_scale", "lm_head.weight", "spiece_model", "tekken_model")


def read_tensors(path: Path) -> "Tensors":
    """Read all tensors of a file, after its header was checked."""
    if path.suffix.lower() == SUFFIX:
        require("gguf")
        from diffusers.models.model_loading_utils import load_gguf_checkpoint

        return dict(load_gguf_checkpoint(str(path), return_tensors=True))
    from safetensors.torch import load_file

    return load_file(path)


def shape_of(tensor: "torch.Tensor") -> tuple[int, ...]:
    """Return the shape of a weight; of a quantised one, that of the numbers it stands for."""
    return tuple(getattr(tensor, "quant_shape", tensor.shape))


def network_of(
    tensors: "Tensors",
    class_name: str,
    config: Path,
    dtype: "torch.dtype",
    told: Mapping[str, Any] | None = None,
    convert: "Callable[[Tensors], Tensors] | None" = None,
) -> Any:
    """Build a network of diffusers from weights in its own names, or in those of its makers.

    Args:
        tensors: The weights; the function empties it.
        class_name: The class in diffusers.
        config: The folder of its config.
        dtype: The dtype that they become, or that quantised ones compute in.
        told: Settings in place of the config's.
        convert: Gives the weights in diffusers' names; without it, diffusers does.

    Raises:
        ModelRefusedError: weights are missing, left over, of another shape, or quantised in
            another way.
    """
    import diffusers
    import torch
    from accelerate import init_empty_weights
    from diffusers import GGUFQuantizationConfig
    from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

    kind = getattr(diffusers, class_name)
    own = dict(told or {})
    settings = {**read_json(config / "config.json"), **own}
    with init_empty_weights():
        empty = kind.from_config(settings)
    wanted = {name: tuple(value.shape) for name, value in empty.state_dict().items()}
    scales = take_scales(tensors)
    if wanted.keys() != tensors.keys():
        if convert is None and class_name in SINGLE_FILE_LOADABLE_CLASSES:
            theirs = SINGLE_FILE_LOADABLE_CLASSES[class_name]["checkpoint_mapping_fn"]
            convert = lambda found: theirs(checkpoint=found, config=settings)  # noqa: E731
        if convert is not None:
            tensors, scales = renamed(tensors, scales, convert)
    shapes = {name: shape_of(value) for name, value in tensors.items()}
    differing = (name for name in wanted.keys() & shapes.keys() if wanted[name] != shapes[name])
    report = {
        "missing_keys": wanted.keys() - shapes.keys(),
        "unexpected_keys": shapes.keys() - wanted.keys(),
        "mismatched_keys": (f"{one} {shapes[one]}, not {wanted[one]}" for one in differing),
    }
    check_whole(report, f"its {config.name}")
    if scales:
        return load_scaled(empty, tensors, scales, dtype)
    if class_name not in SINGLE_FILE_LOADABLE_CLASSES:
        for name, value in tensors.items():
            tensors[name] = value.to(dtype) if value.is_floating_point() else value
        empty.load_state_dict(tensors, assign=True)
        return empty.eval()
    quantised = {name for name, value in tensors.items() if hasattr(value, "quant_type")}
    if not quantised:
        return kind.from_single_file(
            tensors, config=str(config), dtype=dtype, local_files_only=True, **own
        )
    linear = {
        f"{name}.weight" for name, one in empty.named_modules() if isinstance(one, torch.nn.Linear)
    }
    for name in quantised - linear:
        tensors[name] = _floating(tensors[name], dtype)
    return kind.from_single_file(
        tensors,
        config=str(config),
        dtype=dtype,
        quantization_config=GGUFQuantizationConfig(compute_dtype=dtype),
        local_files_only=True,
        **own,
    )


def _floating(weight: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
    """Return a quantised weight as numbers, for a layer that has no way to compute with it."""
    from diffusers.quantizers.gguf.utils import dequantize_gguf_tensor

    found: torch.Tensor = dequantize_gguf_tensor(weight).to(dtype)
    return found


def encoder_network(
    tensors: "Tensors",
    class_name: str,
    config: Path,
    dtype: "torch.dtype",
    places: Mapping[str, str] | None = None,
) -> Any:
    """Build a text encoder of transformers from the weights of its file.

    Args:
        tensors: The weights; scaled ones become numbers.
        class_name: The class in transformers.
        config: The folder of its config.
        dtype: The dtype that they become.
        places: As of `EncoderFile`.

    Raises:
        ModelRefusedError: weights are missing, left over or of another shape.
    """
    import transformers

    kind = getattr(transformers, class_name)
    settings = kind.config_class.from_pretrained(config, local_files_only=True)
    used = {}
    make_numbers(tensors, dtype)
    for name, value in tensors.items():
        if not name.endswith(_NO_WEIGHTS):
            short = name
            for prefix in _BEFORE:
                short = short.removeprefix(prefix)
            for theirs, ours in (places or {}).items():
                if short.startswith(theirs):
                    short = ours + short.removeprefix(theirs)
                    break
            used[short] = value
    network, report = kind.from_pretrained(
        None, config=settings, state_dict=used, dtype=dtype, output_loading_info=True
    )
    check_whole(report, f"its {config.name}")
    return network.eval()


def absent_network(class_name: str, config: Path) -> Any:
    """Return a network of diffusers without weights, in place of one that a file lacks.

    It has the config that another is compared with, or built after, and cannot run.
    """
    import diffusers
    import torch

    with torch.device("meta"):
        return getattr(diffusers, class_name).from_config(read_json(config / "config.json")).eval()
