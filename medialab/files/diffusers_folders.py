"""Loads a diffusers folder as a pipeline: part by part, each checked before and after loading."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.files.folder_parts import INDEX, FolderParts, check_parts
from medialab.files.part_configs import read_json, variant_of

if TYPE_CHECKING:
    import torch


def load_folder(path: Path, dtype: "torch.dtype", known: FolderParts) -> Any:
    """Load the pipeline of a checkpoint's folder. Call it within `opening`.

    Args:
        path: The folder, with model_index.json.
        dtype: The floating-point type of the networks' weights.
        known: The parts that its family may have.

    Raises:
        ModelRefusedError: a part is missing, damaged, of another class or size, or its weights are
            incomplete.
    """
    from diffusers import DiffusionPipeline

    named, index = check_parts(path, known), read_json(path / INDEX)
    parts = {
        name: None if class_name is None else _load(path / name, name, class_name, dtype, known)
        for name, class_name in named.items()
    }
    quiet = {"requires_safety_checker": False} if "safety_checker" in index else {}
    return DiffusionPipeline.from_pretrained(
        path, **parts, **quiet, dtype=dtype, use_safetensors=True, local_files_only=True
    )


def load_network(folder: Path, class_name: str, dtype: "torch.dtype") -> Any:
    """Load a network of diffusers or transformers from its folder. Call it within `opening`.

    Args:
        folder: The folder, with config.json and weights.
        class_name: The network's class, in diffusers or transformers.
        dtype: The floating-point type of the weights.

    Raises:
        ModelRefusedError: weights are missing, unused or of another shape.
    """
    import diffusers

    library = (
        diffusers if hasattr(diffusers, class_name) else importlib.import_module("transformers")
    )
    kind = getattr(library, class_name)
    network, report = kind.from_pretrained(
        folder,
        dtype=dtype,
        variant=variant_of(folder),
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    check_whole(report, folder.name)
    return network


def check_whole(report: Mapping[str, Iterable[Any]], name: str) -> None:
    """Refuse a network whose weights were not all used, or that lacks some.

    Args:
        report: The library's loading report, which it would otherwise only log.
        name: The network's name in the message.

    Raises:
        ModelRefusedError: weights are missing, unused, of another shape or unreadable.
    """
    for kind, words in (
        ("missing_keys", "lacks"),
        ("unexpected_keys", "holds weights that have no place in it:"),
        ("mismatched_keys", "holds weights whose shape does not match its config:"),
        ("error_msgs", "holds weights that could not be read:"),
    ):
        if found := sorted(map(str, report.get(kind) or ())):
            shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
            raise ModelRefusedError(f"{name} {words} {shown}; download it again")


def _load(
    folder: Path, name: str, class_name: str, dtype: "torch.dtype", known: FolderParts
) -> Any:
    if name in known.networks:
        return load_network(folder, class_name, dtype)
    tokenizer = known.tokenizers.get(name)
    if tokenizer is not None and tokenizer.load is not None:
        return tokenizer.load(folder, class_name)
    library = "diffusers" if tokenizer is None else "transformers"
    kind = getattr(importlib.import_module(library), class_name)
    return kind.from_pretrained(folder, local_files_only=True)
