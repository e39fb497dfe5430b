"""The folders of ComfyUI, and its list of further ones, extra_model_paths.yaml, read as they are.

Source: ComfyUI folder_paths.py and utils/extra_config.py (`load_extra_path_config`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from medialab.errors import ConfigError, shown
from medialab.files.regular import is_folder, is_regular, read_regular
from medialab.listing.places import FolderOfKinds
from medialab.listing.project_file import full_path, without_links

PROGRAM = "ComfyUI"
LARGEST_LIST = 2**20  # bytes
LISTS = (".yaml", ".yml")
# The names of its folders, older ones too, and the kind of model in each. Bare denoisers are
# listed among the checkpoints.
_KINDS = {
    "checkpoints": "checkpoint",
    "diffusion_models": "checkpoint",
    "unet": "checkpoint",
    "diffusers": "checkpoint",
    "loras": "lora",
    "vae": "vae",
    "controlnet": "controlnet",
    "t2i_adapter": "controlnet",
    "upscale_models": "upscaler",
    "embeddings": "embedding",
    "ultralytics": "detector",
    "text_encoders": "text encoder",
    "clip": "text encoder",
}
# Folders that only ComfyUI makes, in its models folder and in its own.
_IN_MODELS = ("upscale_models", "clip_vision", "style_models", "gligen", "vae_approx")
_IN_HOME = ("custom_nodes", "comfy")
_MODELS, _CHECKPOINTS, _LIST_IN_HOME = "models", "checkpoints", "extra_model_paths.yaml"
_BASE, _DEFAULT = "base_path", "is_default"


def is_home(path: Path) -> bool:
    """Return whether a folder is ComfyUI's own, with `models` in it."""
    return is_folder(path / _MODELS / _CHECKPOINTS) and any(
        is_folder(path / one) for one in _IN_HOME
    )


def is_models(path: Path) -> bool:
    """Return whether a folder is the `models` of ComfyUI."""
    return any(is_folder(path / one) for one in _IN_MODELS) or is_home(path.parent)


def folder_of_models(path: Path, name: str) -> FolderOfKinds:
    """Return the models in ComfyUI's folder `models`."""
    root = path.resolve()
    places: dict[str, tuple[Path, ...]] = {}
    for folder, kind in _KINDS.items():
        places[kind] = (*places.get(kind, ()), root / folder)
    return FolderOfKinds(name, path, places, PROGRAM, (root,))


def list_in_home(home: Path) -> Path | None:
    """Return the list of further folders in ComfyUI's own folder; None if it has none."""
    path = home / _LIST_IN_HOME
    return path if is_regular(path) else None


def folders_of_list(path: Path) -> list[FolderOfKinds]:
    """Return the folders that a file extra_model_paths.yaml lists, one for each of its sections.

    Kinds of folders that the studio has no models for are left out, as are `custom_nodes`. Sections
    with `is_default` come first.

    Args:
        path: The file. Relative paths begin at its folder, or at a section's `base_path`.

    Raises:
        ConfigError: the file cannot be read or is no such list.
    """
    sections = sorted(_sections(path), key=lambda section: not section[1].get(_DEFAULT))
    return [_folder_of(path, name, section) for name, section in sections]


def _sections(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        content = yaml.safe_load(read_regular(path, LARGEST_LIST).decode("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        message = f"{path} cannot be read as ComfyUI's list of folders: {error}"
        raise ConfigError(message) from error
    if content is None:  # as it is shipped: comments alone
        return
    if not isinstance(content, dict):
        raise ConfigError(f"{path} lists no folders; it has sections such as `comfyui:`")
    for name, section in content.items():
        if section is None:
            continue
        if not isinstance(section, dict):
            message = f"{path}: {name} must be a section with lines such as `loras: models/loras`"
            raise ConfigError(message)
        yield str(name), section


def _folder_of(path: Path, name: str, section: Mapping[str, Any]) -> FolderOfKinds:
    base = path.resolve().parent
    if text := section.get(_BASE):
        if isinstance(text, list | dict | bool):
            raise ConfigError(f"{path}: {name}: {_BASE} must be one path, not {shown(text)}")
        base = full_path(str(text), base, f"{path}: {name}: {_BASE}")
    places: dict[str, tuple[Path, ...]] = {}
    for folder, kind in _KINDS.items():
        for line in _lines(path, name, folder, section.get(folder)):
            written_in = f"{path}: {name}: {folder}"
            place = without_links(full_path(line, base, written_in), written_in)
            places[kind] = (*places.get(kind, ()), place)
    trusted = tuple(dict.fromkeys(one for found in places.values() for one in found))
    return FolderOfKinds(name, base, places, PROGRAM, trusted)


def _lines(path: Path, name: str, folder: str, value: object) -> list[str]:
    """Return the paths of a setting: one text with a path in each line, or a list of paths."""
    if value is None:
        return []
    paths = value.split("\n") if isinstance(value, str) else value
    if not isinstance(paths, list) or not all(isinstance(one, str) for one in paths):
        message = f"{path}: {name}: {folder} must be one path, or a path in each line after `|`"
        raise ConfigError(message)
    return [one.strip() for one in paths if one.strip()]
