"""Where the program's own files lie, and where a person's models and pictures are.

A checkout has all of it beside its source. Installed from a wheel, the program brings what it needs
inside its package, and models and pictures lie in the folder that it is started in.
"""

import os
from importlib import resources
from pathlib import Path

from medialab.errors import ConfigError

# Environment variables that name the two folders, for a checkout and an installed program alike.
MODELS_VARIABLE, OUTPUTS_VARIABLE = "MEDIALAB_MODELS", "MEDIALAB_OUTPUTS"
# The checkpoint that a config names by default; it is no part of a wheel.
SHIPPED_CHECKPOINT = "paperdoll"

_PACKAGE = Path(str(resources.files("medialab")))
# Where pyproject.toml puts models/configs in a wheel; a checkout has none here.
_PACKED_CONFIGS = _PACKAGE / "configs"


def is_installed() -> bool:
    """Return whether this runs from a wheel, away from its checkout."""
    return _PACKED_CONFIGS.is_dir()


def base_folder() -> Path:
    """Return the folder that holds `models` and `outputs`: the checkout, else the current one."""
    return Path.cwd() if is_installed() else _PACKAGE.parent


def configs_folder() -> Path:
    """Return the folder of configs that single files are built after, one folder a family."""
    return _PACKED_CONFIGS if is_installed() else _PACKAGE.parent / "models" / "configs"


def models_folder() -> Path:
    """Return the folder of models: that of MEDIALAB_MODELS, else `models` of `base_folder`.

    Raises:
        ConfigError: the variable names the home of somebody who has none.
    """
    return _chosen(MODELS_VARIABLE) or base_folder() / "models"


def outputs_folder() -> Path:
    """Return the folder of pictures: that of MEDIALAB_OUTPUTS, else `outputs` of `base_folder`.

    It is made when the first picture is saved.

    Raises:
        ConfigError: the variable names the home of somebody who has none.
    """
    return _chosen(OUTPUTS_VARIABLE) or base_folder() / "outputs"


def how_to_get_checkpoint(name: str, folder: Path, known: bool) -> str:
    """Return what to do about a checkpoint that is not there, in sentences; "" for nothing special.

    Args:
        name: the checkpoint that was asked for.
        folder: the models folder that was looked in.
        known: whether there are other checkpoints in it.
    """
    told = []
    if not known:
        told.append(
            f"Put a checkpoint (.safetensors, or a diffusers folder) in {folder / 'checkpoints'}, "
            f"or name your models folder in {MODELS_VARIABLE}."
        )
    if name == SHIPPED_CHECKPOINT and is_installed():
        told.append(
            f"{SHIPPED_CHECKPOINT} comes with the project's source, not with the installed "
            f"package: copy models/checkpoints/{SHIPPED_CHECKPOINT} of the source there."
        )
    return " ".join(told)


def _chosen(variable: str) -> Path | None:
    """The folder that an environment variable names; None where it is empty or not set."""
    told = os.environ.get(variable)
    if not told:
        return None
    try:
        return Path(told).expanduser().absolute()
    except RuntimeError as error:
        message = f"{variable}={told!r}: there is no such home folder; write the whole path"
        raise ConfigError(message) from error
