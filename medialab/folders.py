"""A diffusers folder becomes a pipeline: part by part, each checked before and after it is read."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.opening import check_file
from medialab.partconfigs import (
    check_network,
    check_scheduler,
    check_tokenizer,
    read_json,
    variant_of,
)

if TYPE_CHECKING:
    import torch

# The parts that pipelines here use, and the classes that they may be.
_NETWORKS: Mapping[str, tuple[str, ...]] = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL", "AutoencoderTiny"),
    "text_encoder": ("CLIPTextModel",),
    "text_encoder_2": ("CLIPTextModelWithProjection",),
}
_TOKENIZERS: Mapping[str, str] = {"tokenizer": "text_encoder", "tokenizer_2": "text_encoder_2"}
_TOKENIZER_CLASSES = ("CLIPTokenizer", "CLIPTokenizerFast")
_SCHEDULER = "scheduler"
# Nothing here asks them: they are not read, wherever they come from.
_LEFT_OUT = ("safety_checker", "feature_extractor", "image_encoder")
_LIBRARIES = ("diffusers", "transformers")


def load_folder(path: Path, dtype: "torch.dtype") -> Any:
    """The pipeline of a checkpoint's folder. To be called within `opening`.

    Raises:
        ModelRefusedError: a part is missing, damaged, of another class or size, or its weights do
            not fill it.
    """
    from diffusers import DiffusionPipeline

    index = read_json(path / "model_index.json")
    if not isinstance(index.get("_class_name"), str):
        raise ModelRefusedError("model_index.json names no pipeline")
    named = {name: _class_of(name, entry) for name, entry in index.items() if _is_part(entry)}
    for name in ("unet", "vae", _SCHEDULER):
        if named.get(name) is None:
            raise ModelRefusedError(f"model_index.json names no {name}")
    for tokenizer, encoder in _TOKENIZERS.items():
        if (named.get(tokenizer) is None) != (named.get(encoder) is None):
            raise ModelRefusedError(
                f"model_index.json names one of {encoder} and {tokenizer}, not both"
            )
    if not any(named.get(encoder) for encoder in _TOKENIZERS.values()):
        raise ModelRefusedError("model_index.json names no text_encoder")
    for name, class_name in named.items():
        if class_name is not None:
            _check(path / name, name, class_name)
    parts = {
        name: None if class_name is None else _load(path / name, name, class_name, dtype)
        for name, class_name in named.items()
    }
    quiet = {"requires_safety_checker": False} if "safety_checker" in index else {}
    return DiffusionPipeline.from_pretrained(
        path, **parts, **quiet, dtype=dtype, use_safetensors=True, local_files_only=True
    )


def load_network(folder: Path, class_name: str, dtype: "torch.dtype") -> Any:
    """A network of diffusers or transformers from its folder, whole. Within `opening`.

    Raises:
        ModelRefusedError: weights are missing, left over or of another shape.
    """
    library = "transformers" if class_name.startswith("CLIP") else "diffusers"
    kind = getattr(importlib.import_module(library), class_name)
    network, told = kind.from_pretrained(
        folder,
        dtype=dtype,
        variant=variant_of(folder),
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    check_whole(told, folder.name)
    return network


def check_whole(told: Mapping[str, Iterable[Any]], name: str) -> None:
    """Refuse a network whose weights did not all find their place, or that lacks some.

    `told` is what either library says of a load; it only logs it.
    """
    for kind, words in (
        ("missing_keys", "lacks"),
        ("unexpected_keys", "holds weights that have no place in it:"),
        ("mismatched_keys", "holds weights of another shape than its config's:"),
        ("error_msgs", "holds weights that could not be read:"),
    ):
        if found := sorted(map(str, told.get(kind) or ())):
            shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
            raise ModelRefusedError(f"{name} {words} {shown}; download it again")


def _is_part(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2


def _class_of(name: str, entry: list[Any]) -> str | None:
    """The class of a part; None if it is left out.

    Raises:
        ModelRefusedError: it is none that a pipeline here has there.
    """
    library, class_name = entry
    if class_name is None or name in _LEFT_OUT:
        return None
    known = _NETWORKS.get(name) or (_TOKENIZER_CLASSES if name in _TOKENIZERS else ())
    fits = class_name in known or (name == _SCHEDULER and str(class_name).endswith("Scheduler"))
    if library not in _LIBRARIES or not fits:
        choices = f"; those that are opened: {', '.join(known)}" if known else ""
        raise ModelRefusedError(f"model_index.json makes {name} a {library}.{class_name}{choices}")
    return str(class_name)


def _check(folder: Path, name: str, class_name: str) -> None:
    """Refuse a part that is not whole, before anything of it is read."""
    if not folder.is_dir():
        raise ModelRefusedError(f"its part {name} is missing; copy the model again")
    if name in _NETWORKS:
        check_network(folder, class_name)
    elif name in _TOKENIZERS:
        check_file(folder.parent / _TOKENIZERS[name] / "config.json")
        config = read_json(folder.parent / _TOKENIZERS[name] / "config.json")
        words = config.get("vocab_size")
        check_tokenizer(folder, words if isinstance(words, int) else None)
    else:
        check_scheduler(folder)


def _load(folder: Path, name: str, class_name: str, dtype: "torch.dtype") -> Any:
    if name in _NETWORKS:
        return load_network(folder, class_name, dtype)
    library = "transformers" if name in _TOKENIZERS else "diffusers"
    kind = getattr(importlib.import_module(library), class_name)
    return kind.from_pretrained(folder, local_files_only=True)
