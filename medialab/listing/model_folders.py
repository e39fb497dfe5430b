"""The models folders that a person has: the studio's own first, then those of other programs.

>>> open_folders([Path("models"), Path("~/webui").expanduser()])
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from medialab.errors import ConfigError, shown
from medialab.files.regular import is_folder, is_regular
from medialab.listing import a1111, comfyui
from medialab.listing.hub import HubCache, hub_folder, is_hub
from medialab.listing.info import KIND_FOLDERS, plain_text
from medialab.listing.naming import is_plain_name
from medialab.listing.places import ModelsFolder, studio_folder
from medialab.listing.project_file import full_path, read_project_file, without_links
from medialab.process.installation import MODELS_VARIABLE, base_folder, own_models_folder

# Names of folders that say nothing about whose they are: models there are named by the folder
# above.
_USUAL_NAMES = ("models", "hub")
_NO_NAME = "folder"


def chosen_folders() -> list[Path]:
    """Return the models folders that a workbench has if none are given to it.

    They are those of MEDIALAB_MODELS, separated as in PATH; else those of medialab.toml, else the
    own one, and both with the cache of Hugging Face if there is one.

    Raises:
        ConfigError: one names a home folder that does not exist, or medialab.toml cannot be read.
    """
    if written := os.environ.get(MODELS_VARIABLE):
        names = [one for one in written.split(os.pathsep) if one]
        if not names:
            message = f"{MODELS_VARIABLE}={written!r} names no folder; write one, or unset it"
            raise ConfigError(message)
        return [full_path(one, Path.cwd(), MODELS_VARIABLE) for one in names]
    project = read_project_file(base_folder())
    folders = list(project.folders or [own_models_folder()])
    cache = hub_folder()
    return [*folders, cache] if project.huggingface and is_folder(cache) else folders


def open_folders(paths: Iterable[Path | str]) -> tuple[ModelsFolder, ...]:
    """Return models folders with their layouts; the first one is the studio's own.

    A path is a folder of the studio, of ComfyUI or A1111 (their own folder, or the `models` in it),
    a cache of Hugging Face, or a list of folders such as ComfyUI's extra_model_paths.yaml.

    Args:
        paths: The folders. If none is the studio's, its usual one comes first. They need not exist.

    Raises:
        ConfigError: a list of folders cannot be read, or one is a link that leads to itself.
    """
    if not isinstance(paths, Iterable) or isinstance(paths, bytes):
        paths = [paths]  # named by the message
    every = [one for path in dict.fromkeys(map(_at_home, paths)) for one in _layouts_of(path)]
    own = next((one for one in every if not one.program), None)
    others = [one for one in every if one is not own]
    names = _names_for(others)
    return (
        studio_folder(own.path if own else own_models_folder()),
        *(one.renamed(name) for one, name in zip(others, names, strict=True)),
    )


def _at_home(path: Path | str) -> Path:
    if not isinstance(path, str | os.PathLike):
        message = f"models={shown(path)}: give a folder's path, or a list of paths"
        raise ConfigError(message).about("models")
    if "\0" in (text := str(path)) or text.startswith("~"):
        path = full_path(text, Path.cwd(), "models")
    without_links(Path(path), "models")
    return Path(path)


def _layouts_of(path: Path) -> Iterator[ModelsFolder]:
    if path.suffix.lower() in comfyui.LISTS and not is_folder(path):
        yield from comfyui.folders_of_list(path)
    elif path == own_models_folder():
        yield studio_folder(path, path.name)
    elif is_hub(path):
        if any(is_folder(path / one) for one in KIND_FOLDERS):  # a cache in a models folder
            yield studio_folder(path, path.name)
        yield HubCache(path)
    elif a1111.is_home(path):
        yield a1111.folder_of_home(path, path.name)
    elif comfyui.is_home(path):
        yield comfyui.folder_of_models(path / "models", path.name)
        if further := comfyui.list_in_home(path):
            yield from comfyui.folders_of_list(further)
    elif comfyui.is_models(path):
        yield comfyui.folder_of_models(path, path.name)
    elif is_regular(path):
        message = f"{path} is a file; give a models folder, or ComfyUI's list of them, a .yaml file"
        raise ConfigError(message)
    else:
        yield studio_folder(path, path.name)


def _names_for(folders: Sequence[ModelsFolder]) -> list[str]:
    """Return a different name for each folder; of two of one name, the second gets a number."""
    names: list[str] = []
    for one in folders:
        name = one.name if one.name.casefold() not in _USUAL_NAMES else one.path.parent.name
        name = plain_text(name)
        if "/" in name or not is_plain_name(name):
            name = _NO_NAME
        numbered = (f"{name}-{number}" for number in count(2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names
