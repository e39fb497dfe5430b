"""Preview pictures beside models, as A1111 and its CivitAI helpers save them.

For a model `ink.safetensors` it is the first that exists of `ink.preview.png`, `ink.preview.jpg` …,
`ink.png` …; for a model's folder `ink` too, beside the folder.
"""

import os
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from medialab.errors import NotesError
from medialab.files.whole import write_whole
from medialab.listing.info import ModelInfo
from medialab.listing.note_files import beside, is_there
from medialab.pictures.intake import normalise_image, open_picture

# Source: A1111's allowed_preview_extensions and find_preview (modules/ui_extra_networks.py), with
# ".preview" first, since a plain picture of that name may be anything.
_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")
LARGEST_SIDE = 1024  # pixels, of a written preview
ENDINGS = tuple(f".preview{one}" for one in _EXTENSIONS) + _EXTENSIONS


def find_previews(infos: Iterable[ModelInfo], roots: Sequence[Path]) -> dict[Path, Path]:
    """Return the preview picture of each model that has one, by the model's path.

    A link is followed only within the models folders.

    Args:
        infos: The models.
        roots: The models folders, without links.

    Cost: listing each folder with a model once.
    """
    folders: dict[Path, dict[str, os.DirEntry[str]]] = {}
    found = {}
    for info in infos:
        folder = info.path.parent
        if folder not in folders:
            folders[folder] = _entries(folder)
        beside, name = folders[folder], info.path.name
        stem = name if name in beside and beside[name].is_dir() else info.path.stem
        names = (f"{stem}{ending}" for ending in ENDINGS)
        preview = next((one for one in names if one in beside), None)
        if preview is not None and _stays(beside[preview], roots):
            found[info.path] = folder / preview
    return found


def write_preview(path: Path, picture: Path | bytes) -> Path:
    """Save a picture as a model's preview: `<model>.preview.png`, which comes before all others.

    It keeps the settings that A1111 wrote into it, and loses all else that a file may tell.

    Args:
        path: The model's file or folder.
        picture: The picture's file or its content, of any format that the studio opens; it is
            made smaller than LARGEST_SIDE.

    Returns:
        The path of the preview.

    Raises:
        PictureError: it is no picture, or damaged; an older preview is unchanged.
        NotesError: there is no such model, or the file cannot be written; likewise.
    """
    from PIL.PngImagePlugin import PngInfo

    if not is_there(path):
        message = f"there is no model {path.name} any more; nothing was written"
        raise NotesError(message)
    with open_picture(picture, "this preview") as file:
        file.image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        small, _ = normalise_image(file.image, file.profile)
        texts = PngInfo()
        if settings := file.texts.get("parameters"):
            texts.add_itxt("parameters", settings)
    buffer = BytesIO()
    small.save(buffer, "PNG", pnginfo=texts)
    preview = beside(path, ENDINGS[0])
    try:
        write_whole(preview, buffer.getvalue(), private=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{preview.name} cannot be written ({reason}); check the disk and the folder"
        raise NotesError(message) from error
    return preview


def _entries(folder: Path) -> dict[str, os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError:  # a folder that cannot be read has no previews
        return {}


def _stays(entry: os.DirEntry[str], roots: Sequence[Path]) -> bool:
    """Return whether an entry is a file in the models folders, links followed."""
    if not entry.is_symlink():
        return entry.is_file()
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):  # a broken or circular link
        return False
    return target.is_file() and any(target.is_relative_to(root) for root in roots)
