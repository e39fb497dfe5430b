"""The folders of AUTOMATIC1111's web UI and its forks, read as they are.

Source: AUTOMATIC1111 modules/paths.py, modules/sd_vae.py and modelloader.py; Forge and SD.Next for
further names.
"""

from collections.abc import Iterator
from pathlib import Path

from medialab.files.regular import is_folder
from medialab.listing.places import FolderOfKinds

PROGRAM = "A1111"
# Below the program's folder, in any case: its forks write some of them otherwise.
_PLACES = {
    "checkpoint": ("models/Stable-diffusion", "models/Diffusers", "models/UNET"),
    "lora": ("models/Lora", "models/LyCORIS"),
    "vae": ("models/VAE",),
    "upscaler": tuple(
        f"models/{name}" for name in ("ESRGAN", "RealESRGAN", "SwinIR", "DAT", "HAT", "ATD")
    ),
    "embedding": ("embeddings", "models/embeddings"),
    "controlnet": ("models/ControlNet", "extensions/sd-webui-controlnet/models"),
    "detector": ("models/adetailer",),
    "text encoder": ("models/text_encoder", "models/Text-encoder"),
}
_CHECKPOINTS, _MODELS = "Stable-diffusion", "models"


def is_home(path: Path) -> bool:
    """Return whether a folder is the program's own, or the `models` in it."""
    return _home_of(path) is not None


def folder_of_home(path: Path, name: str) -> FolderOfKinds:
    """Return the models in the program's own folder, or in the `models` in it."""
    home = (_home_of(path) or path).resolve()
    places = {
        kind: tuple(found for one in ways for found in _in_any_case(home, one))
        for kind, ways in _PLACES.items()
    }
    return FolderOfKinds(name, path, places, PROGRAM, (home,), vaes_among_checkpoints=True)


def _home_of(path: Path) -> Path | None:
    if is_folder(path / _MODELS / _CHECKPOINTS):
        return path
    return path.parent if path.name.lower() == _MODELS and is_folder(path / _CHECKPOINTS) else None


def _in_any_case(home: Path, way: str) -> Iterator[Path]:
    """Yield the existing folder at a relative path, whatever the case of its letters."""
    found = [home]
    for part in way.split("/"):
        found = [one for folder in found for one in _children(folder, part.casefold())]
    yield from found


def _children(folder: Path, name: str) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.name.casefold() == name and one.is_dir()]
    except OSError:  # a folder that cannot be read has none
        return []
