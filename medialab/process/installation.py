"""The locations of the program's own files and of the user's models and pictures.

A checkout has all of them beside its source. Installed from a wheel, the program has its own files
inside its package, and models and pictures are in the folder where it is started.
"""

import os
from importlib import resources
from pathlib import Path

from medialab.errors import ConfigError

# Environment variables that name the folders, for a checkout and an installed program alike.
MODELS_VARIABLE, OUTPUTS_VARIABLE = "MEDIALAB_MODELS", "MEDIALAB_OUTPUTS"
# The checkpoint that a config names by default; a wheel does not contain it.
SHIPPED_CHECKPOINT = "paperdoll"

_PACKAGE = Path(str(resources.files("medialab")))
# Where pyproject.toml puts models/configs in a wheel; a checkout does not have this folder.
_PACKED_CONFIGS = _PACKAGE / "configs"


def is_installed() -> bool:
    """Return whether this runs from an installed wheel, not from a checkout."""
    return _PACKED_CONFIGS.is_dir()


def base_folder() -> Path:
    """Return the folder with `models` and `outputs`: the checkout, else the current folder."""
    return Path.cwd() if is_installed() else _PACKAGE.parent


def configs_folder() -> Path:
    """Return the folder of configs with which single files are opened, one folder per family."""
    return _PACKED_CONFIGS if is_installed() else _PACKAGE.parent / "models" / "configs"


def own_models_folder() -> Path:
    """Return the studio's usual models folder; see `medialab.listing.model_folders` for others."""
    return base_folder() / "models"


def outputs_folder() -> Path:
    """Return the outputs folder: MEDIALAB_OUTPUTS, else `outputs` in `base_folder`.

    It is created when the first picture is saved.

    Raises:
        ConfigError: the variable names a home folder that does not exist (`~nobody/outputs`).
    """
    return _chosen(OUTPUTS_VARIABLE) or base_folder() / "outputs"


def short_path(path: Path) -> str:
    """Return a path for people to read: relative to `base_folder` if it is inside that."""
    base = base_folder()
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


def how_to_get_checkpoint(name: str, folder: Path, known: bool) -> str:
    """Return advice about a missing checkpoint, in sentences; empty if there is none.

    Args:
        name: The checkpoint that was asked for.
        folder: The models folder.
        known: Whether it contains other checkpoints.
    """
    advice = []
    if not known:
        advice.append(
            f"Put a checkpoint (.safetensors, or a diffusers folder) in {folder / 'checkpoints'}, "
            f"or name your models folders in {MODELS_VARIABLE}."
        )
    if name == SHIPPED_CHECKPOINT and is_installed():
        advice.append(
            f"{SHIPPED_CHECKPOINT} comes with the project's source, not with the installed "
            f"package: copy models/checkpoints/{SHIPPED_CHECKPOINT} from the source there."
        )
    return " ".join(advice)


def _chosen(variable: str) -> Path | None:
    """Return the folder that an environment variable names; None if it is empty or not set."""
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        message = f"{variable}={text!r}: there is no such home folder; write the whole path"
        raise ConfigError(message) from error
