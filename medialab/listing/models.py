"""The models in a models folder: one `ModelInfo` for each, from headers and configs only.

A model is one .safetensors file, or one folder as diffusers (model_index.json) or transformers
(config.json) save it; a detector may also be an .onnx, .task or .tflite file. Models that cannot be
used are listed too, with the reason.
"""

import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.hashes import Stamp
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.listing.descriptions import read_file, read_folder
from medialab.listing.folders import candidates, files_below
from medialab.listing.info import (
    FOLDER_OF_KIND,
    KINDS_OF_FILES,
    ModelInfo,
    plain_text,
    refused_info,
)
from medialab.listing.naming import name_with_folders, named

# Kinds whose models can be found by their file names, which a folder's stamp covers; a textual
# inversion may also be called by a token inside its file.
RECALLED_BY_NAME = KINDS_OF_FILES - {"embedding"}


class ModelFiles:
    """All models in one folder; a model is read again only when its files change."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._known: dict[Path, tuple[tuple[Stamp, ...], ModelInfo]] = {}
        self._scans: dict[str, _Scan] = {}  # the last of each kind

    def scan(self, kind: str) -> list[ModelInfo]:
        """Return all models of one kind, sorted by name.

        An entry that cannot be read is listed as refused, and does not affect the others.

        Cost: one stat per file, and reading the header of each new or changed one.
        """
        top = self.root / FOLDER_OF_KIND[kind]
        found, folders = [], dict[Path, Stamp | None]()
        for path, fault in candidates(top, kind, folders):
            with suppress(FileNotFoundError):  # removed in the meantime
                found.append(self._listed(path, kind, fault))
        listed = sorted(found, key=lambda info: (info.name, info.path))
        infos = named(listed, top)
        self._scans.pop(kind, None)
        if kind in RECALLED_BY_NAME and None not in folders.values():
            self._scans[kind] = _Scan(folders, _by_name(listed, infos, top))
        return infos

    def recall(self, name: str, kind: str) -> ModelInfo | None:
        """Return the usable model of that name without a scan; None if a scan is needed.

        A scan is needed if any of the folders or models looked at has changed since the last one.

        Cost: one stat for each folder of the kind, and for each model that the name could mean,
        however many others there are.
        """
        if (last := self._scans.get(kind)) is None:
            return None
        asked, top = plain_text(name), self.root / FOLDER_OF_KIND[kind]
        try:
            if any(Stamp.of(folder.stat()) != stamp for folder, stamp in last.folders.items()):
                return None
            could_mean = last.by_name.get(asked, ())
            if any(self._describe(one.path, kind) != one for one, _ in could_mean):
                return None
        except OSError:
            return None
        usable = [info for _, info in could_mean if info.refused is None]
        return next(
            (info for info in usable if info.name == asked),
            next((info for info in usable if name_with_folders(info, top) == asked), None),
        )

    def _listed(self, path: Path, kind: str, fault: OSError | None) -> ModelInfo:
        try:
            if fault is not None:
                raise fault
            return self._describe(path, kind)
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links
            reason = getattr(error, "strerror", None) or "its links are circular"
            return refused_info(path, kind, f"{path.name} cannot be read: {reason}")

    def stamps(self, path: Path) -> tuple[Stamp, ...]:
        """Return the stamps of a model's files, which change with their content.

        Raises:
            ModelRefusedError: the model is gone or cannot be read.
        """
        try:
            files = [path] if path.is_file() else sorted(files_below(path))
        except OSError as error:
            message = f"{path.name} cannot be read, or is gone: {error.strerror}"
            raise ModelRefusedError(message) from error
        # A broken link gets a stamp too; the check of the folder reports it.
        return tuple(Stamp.of(file.stat() if file.exists() else file.lstat()) for file in files)

    def _describe(self, path: Path, kind: str) -> ModelInfo:
        if escaped := self._escape(path):
            return refused_info(path, kind, escaped)
        status = path.stat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            reason = (
                "is not a regular file but a pipe, a socket or a device; put the model's file there"
            )
            return refused_info(path, kind, f"{path.name} {reason}")
        if not is_folder and path.suffix.lower() in PICKLE_SUFFIXES:
            return refused_info(path, kind, refusal(path.name))
        stamps = self.stamps(path) if is_folder else (Stamp.of(status),)
        known = self._known.get(path)
        if known and known[0] == stamps:
            return known[1]
        info = read_folder(path, kind, self.root) if is_folder else read_file(path, kind)
        if all(stamp.is_settled() for stamp in stamps):
            self._known[path] = (stamps, info)
        return info

    def _escape(self, path: Path) -> str | None:
        """Return why a link is not followed (it is broken or leaves the models folder), or None."""
        if not path.is_symlink():
            return None
        target = path.resolve()
        if not target.exists():
            return f"{path.name} is a link to a file that does not exist"
        if target.is_relative_to(self.root):
            return None
        return (
            f"{path.name} is a link that leads out of the models folder; "
            "move the file itself there, or choose the folder that contains it as models folder"
        )


class _Scan(NamedTuple):
    """The result of a scan.

    Attributes:
        folders: The folders that were searched, with their stamps.
        by_name: By each name that could mean a model, its entries as read from the file, and as
            named among the others.
    """

    folders: Mapping[Path, Stamp | None]
    by_name: Mapping[str, Sequence[tuple[ModelInfo, ModelInfo]]]


def _by_name(
    listed: Sequence[ModelInfo], infos: Sequence[ModelInfo], top: Path
) -> dict[str, list[tuple[ModelInfo, ModelInfo]]]:
    found: dict[str, list[tuple[ModelInfo, ModelInfo]]] = {}
    for one, other in zip(listed, infos, strict=True):
        names = {one.name, other.name, name_with_folders(one, top), plain_text(one.path.stem)}
        for name in names:
            found.setdefault(name, []).append((one, other))
    return found
