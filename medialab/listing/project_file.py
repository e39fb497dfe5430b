"""The file medialab.toml, in which a project names the folders of its models.

    [models]
    folders = ["models", "~/webui", "~/ComfyUI/extra_model_paths.yaml"]
    huggingface = false

It is looked for in the current folder and those above it, then beside the program's own source.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medialab.errors import ConfigError, shown
from medialab.files.regular import read_regular

NAME = "medialab.toml"
LARGEST = 2**20  # bytes
_SECTION, _FOLDERS, _HUGGINGFACE = "models", "folders", "huggingface"


@dataclass(frozen=True)
class ProjectFile:
    """What medialab.toml says; empty without one.

    Attributes:
        folders: The folders with models, and other programs' lists of such folders.
        huggingface: Whether the models in Hugging Face's cache are listed too.
    """

    folders: tuple[Path, ...] = ()
    huggingface: bool = True


def read_project_file(beside_source: Path) -> ProjectFile:
    """Read medialab.toml.

    Args:
        beside_source: The folder to look in if neither the current one nor one above it has it.

    Raises:
        ConfigError: it cannot be read, is not TOML, or has a setting that does not exist.
    """
    current = Path.cwd()
    for folder in (current, *current.parents, beside_source):
        if os.path.lexists(file := folder / NAME):
            return _read(file)
    return ProjectFile()


def full_path(text: str, base: Path, written_in: str) -> Path:
    """Return a path as a person wrote it, with `~` and variables, or relative to a folder.

    Args:
        text: The path.
        base: The folder that a relative path begins at.
        written_in: The setting or variable that it comes from, for the message.

    Raises:
        ConfigError: it names a home folder that does not exist (`~nobody/models`), or has a
            character that no path has.
    """
    if "\0" in text:
        message = f"{written_in}={shown(text)}: no path has a zero character; write it again"
        raise ConfigError(message)
    try:
        path = Path(os.path.expandvars(text)).expanduser()
    except RuntimeError as error:
        message = f"{written_in}={text!r}: there is no such home folder; write the whole path"
        raise ConfigError(message) from error
    return Path(os.path.normpath(base / path))  # "..", taken out as ComfyUI does; links stay


def without_links(path: Path, written_in: str) -> Path:
    """Return a path with its links followed; it need not exist.

    Args:
        path: The path.
        written_in: The setting or variable that it comes from, for the message.

    Raises:
        ConfigError: its links are circular.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # which of the two depends on Python's version
        message = f"{written_in}: {path} is a link that leads to itself; put the folder there"
        raise ConfigError(message) from error


def _read(file: Path) -> ProjectFile:
    try:
        content = tomllib.loads(read_regular(file, LARGEST).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}; correct or delete it") from error
    _refuse_unknown(file, content, (_SECTION,))
    section = content.get(_SECTION, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{file}: {_SECTION} must be a section, [{_SECTION}]")
    _refuse_unknown(file, section, (_FOLDERS, _HUGGINGFACE))
    folders, huggingface = section.get(_FOLDERS, []), section.get(_HUGGINGFACE, True)
    if not isinstance(folders, list) or not all(isinstance(one, str) and one for one in folders):
        message = f'{file}: {_FOLDERS} must be a list of paths, such as ["models", "~/ComfyUI"]'
        raise ConfigError(message)
    if not isinstance(huggingface, bool):
        raise ConfigError(f"{file}: {_HUGGINGFACE} must be true or false")
    return ProjectFile(
        tuple(full_path(one, file.parent, f"{file}: {_FOLDERS}") for one in folders), huggingface
    )


def _refuse_unknown(file: Path, found: Mapping[str, Any], known: Iterable[str]) -> None:
    if unknown := next((name for name in found if name not in known), None):
        raise ConfigError(f"{file}: no setting {unknown!r}; known: {', '.join(known)}")
