"""The folders of models: which of them are models, what lies in one, and whether it is safe."""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from medialab.errors import ModelRefusedError
from medialab.families import PART_NAMES
from medialab.files.folder_parts import folders_read, holds_weights, is_whole_folder
from medialab.files.gguf import SUFFIX as GGUF_FILE
from medialab.files.hashes import Stamp
from medialab.files.opening import check_file
from medialab.files.pickles import HOW_TO_CONVERT, PICKLE_SUFFIXES
from medialab.files.regular import is_regular, read_regular
from medialab.listing.info import KINDS_OF_FILES, OF_DETECTORS, SINGLE_FILE

# The config in a model's folder has at least one of these.
MODEL_KEYS = frozenset({"_class_name", "model_type", "architectures"})
MOST_FILES = 10_000  # in a model's folder; large checkpoints have a few hundred
LARGEST_CONFIG = 16 * 2**20  # bytes; those with many labels have 1 MiB
# Files in a model's folder that determine pixels: weights, configs, tokenizers.
CONTENT_SUFFIXES = frozenset({SINGLE_FILE, ".json", ".model"})
CONTENT_NAMES = frozenset({"merges.txt", "vocab.txt"})
# Stands for a folder that is not there.
ABSENT = Stamp(0, 0, 0, 0, 0)
_Seen = Literal["model", "model folder", "folder", "link to nothing", "other"]
_MOST_TREES = 1000  # models' folders whose files are remembered


class _Tree(NamedTuple):
    """The files of a model's folder, and the stamp of each folder that they lie in."""

    folders: Mapping[Path, Stamp]
    files: Sequence[Path]


_TREES: dict[Path, _Tree] = {}


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file or folder; ABSENT if it is not there.

    Raises:
        OSError: it cannot be looked at.
    """
    try:
        return Stamp.of(path.stat())
    except FileNotFoundError:
        return ABSENT


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON object from a model's folder.

    Raises:
        ModelRefusedError: the file is missing or is not a JSON object.
    """
    check_file(path)
    try:
        config = json.loads(read_regular(path, LARGEST_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path.parent.name}/{path.name} is not valid JSON; copy the model again"
        raise ModelRefusedError(message) from error
    if not isinstance(config, dict):
        message = f"{path.parent.name}/{path.name} holds no settings; copy the model again"
        raise ModelRefusedError(message)
    return config


def content_files(folder: Path) -> list[Path]:
    """Return the files of a model's folder that determine its results, in a fixed order."""
    return sorted(
        file
        for file in files_below(folder)
        if file.suffix in CONTENT_SUFFIXES or file.name in CONTENT_NAMES
    )


def candidates(
    top: Path, kind: str, entered: dict[Path, Stamp | None]
) -> Iterator[tuple[Path, OSError | None]]:
    """Yield model files and model folders below `top`; other folders are searched.

    A folder or an entry that cannot be read comes with the error. Links to folders that are not
    models are not followed, since they could be circular.

    Args:
        top: The folder of the kind.
        kind: The kind of model.
        entered: Gets the folders that are searched, each with its stamp from before, or None if a
            later change might not show in the stamp.
    """
    suffixes = _suffixes_of(kind) | frozenset(PICKLE_SUFFIXES)
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        entered[folder] = None
        try:
            stamp = stamp_of(folder)
            entered[folder] = stamp.if_settled()
            if stamp == ABSENT:
                continue
            with os.scandir(folder) as entries:
                every = [one for one in entries if not one.name.startswith(".")]
        except OSError as error:
            if folder != top:
                yield folder, error
            continue
        for entry in every:
            try:
                seen = _seen_as(entry, kind, suffixes)
                if seen == "folder":
                    waiting.append(Path(entry.path))
                elif seen == "model folder":
                    entered[Path(entry.path)] = stamp_of(Path(entry.path)).if_settled()
                elif seen == "link to nothing":
                    entered[folder] = None  # a model may appear there, as on a drive
                if seen.startswith("model"):
                    yield Path(entry.path), None
            except OSError as error:
                yield Path(entry.path), error


def _seen_as(entry: os.DirEntry[str], kind: str, suffixes: Collection[str]) -> _Seen:
    """Return what an entry of a folder is; a link to a folder counts as a model.

    Raises:
        OSError: it cannot be looked at.
    """
    if entry.is_dir(follow_symlinks=False):
        return "model folder" if _is_model_folder(Path(entry.path), kind) else "folder"
    if entry.is_symlink() and _leads_to_folder(entry):
        return "model"
    if os.path.splitext(entry.name)[1].lower() in suffixes:  # noqa: PTH122 - ten thousand Paths cost a fifth of a second
        return "model"
    is_broken = entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - False for any error
    return "link to nothing" if is_broken else "other"


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:  # a circular link
        return False


def _is_model_folder(folder: Path, kind: str) -> bool:
    """Return whether a folder is a model, not just a folder with models, like a clone."""
    names = [one.name for one in folder.iterdir()]
    files = [name for name in names if Path(name).suffix.lower() in _suffixes_of(kind)]
    if is_regular(folder / "model_index.json"):
        # In an incomplete clone, the index says nothing about what is there.
        return is_whole_folder(folder, PART_NAMES) or (not files and kind not in KINDS_OF_FILES)
    if kind in KINDS_OF_FILES or not is_regular(folder / "config.json"):
        return False
    if not files:
        return True
    try:
        config = read_config(folder / "config.json")
    except ModelRefusedError:
        config = {}
    return bool(config.keys() & MODEL_KEYS) and holds_weights(names)


def _suffixes_of(kind: str) -> frozenset[str]:
    """Return the extensions of single files that are models of a kind, in lower case."""
    return frozenset({SINGLE_FILE, GGUF_FILE, *(OF_DETECTORS if kind == "detector" else ())})


def files_below(folder: Path) -> Sequence[Path]:
    """Return every file of a model's folder, except hidden ones, which belong to other tools.

    Cost: one stat for each folder in it, if none has changed since it was last listed.

    Raises:
        ModelRefusedError: there are more than MOST_FILES, which no model has.
        OSError: the folder, or one in it, cannot be read.
    """
    known = _TREES.get(folder)
    if known and all(stamp_of(one) == stamp for one, stamp in known.folders.items()):
        return known.files
    folders: dict[Path, Stamp] = {}
    files = list(_listed_below(folder, folders))
    if len(_TREES) >= _MOST_TREES:
        _TREES.clear()
    if all(stamp.is_settled() for stamp in folders.values()):
        _TREES[folder] = _Tree(folders, files)
    else:
        _TREES.pop(folder, None)
    return files


def _listed_below(folder: Path, folders: dict[Path, Stamp]) -> Iterator[Path]:
    """Yield the files, and add the stamp of each folder from before it was listed."""
    waiting, count = [folder], 0
    while waiting:
        place = waiting.pop()
        folders[place] = Stamp.of(place.stat())
        for entry in place.iterdir():
            if entry.name.startswith("."):
                continue
            count += 1
            if count > MOST_FILES:
                message = (
                    f"{folder.name} has over {MOST_FILES:,} files, where a model has some dozens; "
                    "move the others away"
                )
                raise ModelRefusedError(message)
            if entry.is_dir() and not entry.is_symlink():
                waiting.append(entry)
            else:
                yield entry


def check_folder(folder: Path, roots: Sequence[Path] = ()) -> None:
    """Check a model's folder: no part exists only as a pickle, and all files are regular.

    A pickle beside safetensors, or outside a part, is ignored, since it is never read.

    Args:
        folder: The model's folder.
        roots: The folders that links may lead into; none to skip that check.

    Raises:
        ModelRefusedError: a check fails (the message names the file), or the folder is gone.
    """
    try:
        files = sorted(files_below(folder))
    except OSError as error:
        message = f"{folder.name} cannot be read, or is gone: {error.strerror}"
        raise ModelRefusedError(message) from error
    check_files(folder, files, roots)


def check_files(folder: Path, files: list[Path], roots: Sequence[Path]) -> None:
    """Check these files of a model's folder, as `check_folder` does."""
    for file in files:
        shown = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        if roots and file.is_symlink() and not _stays(file, roots):
            message = (
                f"{shown} is a link that is broken or leads out of the models folders; put the "
                "file itself there, or name the folder it leads into as a models folder, too"
            )
            raise ModelRefusedError(message)
        check_file(file, shown)
    safe = {file.parent for file in files if file.suffix == SINGLE_FILE}
    # Beside model_index.json there may be whole checkpoints, and parts for other programs: none of
    # these is read.
    parts = {file.parent for file in files if file.name == "config.json"}
    parts &= folders_read(folder) or parts
    pickles = [
        file
        for file in files
        if file.suffix.lower() in PICKLE_SUFFIXES and file.parent in parts - safe
    ]
    if pickles:
        named = ", ".join(file.relative_to(folder).as_posix() for file in pickles[:3])
        message = (
            f"{folder.name} holds weights as pickles only ({named}), which can run any program "
            f"when they are opened; {HOW_TO_CONVERT}"
        )
        raise ModelRefusedError(message)


def _stays(link: Path, roots: Sequence[Path]) -> bool:
    try:
        target = link.resolve(strict=True)
        return any(target.is_relative_to(root) for root in roots)
    except (OSError, RuntimeError):  # a broken or circular link
        return False
