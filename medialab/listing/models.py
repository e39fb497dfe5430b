"""The models in the models folders: one `ModelInfo` for each, from headers and configs only.

A model is one .safetensors file, or one folder as diffusers (model_index.json) or transformers
(config.json) save it; a detector may also be an .onnx, .task or .tflite file. Models that cannot be
used are listed too, with the reason.
"""

import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.hashes import Stamp
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.listing.descriptions import read_folder
from medialab.listing.folders import files_below, stamp_of
from medialab.listing.info import (
    FOLDER_OF_KIND,
    ModelInfo,
    plain_text,
    refused_info,
)
from medialab.listing.naming import named
from medialab.listing.places import Candidate, Entered, ModelsFolder
from medialab.listing.single_files import read_file

# Kinds whose models can be found by the names of their files and folders, which stamps cover; a
# textual inversion may also be called by a token inside its file.
RECALLED_BY_NAME = frozenset(FOLDER_OF_KIND) - {"embedding"}


# A candidate, and the models folder that it lies in.
_Place = tuple[ModelsFolder, Candidate]


class _Scan(NamedTuple):
    """The result of a scan.

    Attributes:
        entered: The folders that were searched, with their stamps.
        places: What may be a model.
        by_name: By each name that could mean a model, its entries as read from the file, and as
            named among the others, and its place.
    """

    entered: Mapping[Path, Stamp | None]
    places: Sequence[_Place]
    by_name: Mapping[str, Sequence[tuple[ModelInfo, ModelInfo, _Place]]]


class ModelFiles:
    """All models in some folders; a model is read again only when its files change.

    Args:
        folders: The folders; of models with the same full name, the first folder's is listed.
    """

    def __init__(self, folders: Sequence[ModelsFolder]) -> None:
        self._folders = folders
        self._trusted = tuple(dict.fromkeys(one for folder in folders for one in folder.trusted))
        self._known: dict[Path, tuple[tuple[Stamp, ...], ModelInfo]] = {}
        self._scans: dict[str, _Scan] = {}  # the last of each kind

    def scan(self, kind: str) -> list[ModelInfo]:
        """Return all models of one kind, sorted by name.

        An entry that cannot be read is listed as refused, and does not affect the others.

        Cost: one stat per file, and reading the header of each new or changed one. Folders are
        listed again only if they have changed.
        """
        found: list[tuple[ModelInfo, _Place]] = []
        entered, places = self._places(kind)
        for one in places:
            with suppress(FileNotFoundError):  # removed in the meantime
                found.append((self._listed(one, kind), one))
        found.sort(key=lambda pair: (pair[0].name, pair[0].path))
        listed = [info for info, _ in found]
        infos = named(listed)
        self._scans.pop(kind, None)
        if None not in entered.values():
            self._scans[kind] = _Scan(entered, places, _by_name(found, infos))
        return infos

    def _places(self, kind: str) -> tuple[Mapping[Path, Stamp | None], Sequence[_Place]]:
        """Return the folders of a kind and what may be a model in them, as they are now."""
        last = self._scans.get(kind)
        if last is not None and _is_unchanged(last):
            return last.entered, last.places
        entered: Entered = {}
        return entered, list(self._candidates(kind, entered))

    def _candidates(self, kind: str, entered: Entered) -> Iterator[tuple[ModelsFolder, Candidate]]:
        """Yield what may be a model of a kind; what lies in several folders, in the first."""
        parents: dict[Path, Path] = {}
        seen: set[Path] = set()
        for folder in self._folders:
            for one in folder.candidates(kind, entered):
                parent = one.path.parent
                if parent not in parents:
                    parents[parent] = parent.resolve()
                place = parents[parent] / one.path.name
                if place not in seen:
                    seen.add(place)
                    yield folder, one

    def recall(self, name: str, kind: str) -> ModelInfo | None:
        """Return the usable model of that name without a scan; None if a scan is needed.

        A scan is needed if any of the folders or models looked at has changed since the last one.

        Cost: one stat for each folder of the kind, and for each model that the name could mean,
        however many others there are.
        """
        last = self._scans.get(kind) if kind in RECALLED_BY_NAME else None
        if last is None or not _is_unchanged(last):
            return None
        asked = plain_text(name)
        try:
            could_mean = last.by_name.get(asked, ())
            if any(self._described(place, kind) != before for before, _, place in could_mean):
                return None
        except OSError:
            return None
        usable = [info for _, info, _ in could_mean if info.refused is None]
        return next(
            (info for info in usable if info.name == asked),
            next((info for info in usable if info.full_name == asked), None),
        )

    def _listed(self, place: _Place, kind: str) -> ModelInfo:
        folder, one = place
        try:
            if one.fault is not None:
                raise one.fault
            return self._described(place, kind)
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links
            reason = getattr(error, "strerror", None) or "its links are circular"
            reason = f"{one.path.name} cannot be read: {reason}"
        except ModelRefusedError as error:
            reason = str(error)
        return _placed(refused_info(one.path, kind, reason), folder, one)

    def _described(self, place: _Place, kind: str) -> ModelInfo:
        folder, one = place
        return _placed(self._describe(one.path, kind), folder, one)

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
        info = read_folder(path, kind, self._trusted) if is_folder else read_file(path, kind)
        if all(stamp.is_settled() for stamp in stamps):
            self._known[path] = (stamps, info)
        return info

    def _escape(self, path: Path) -> str | None:
        """Return why a link is not followed (it is broken or leaves the models folder), or None."""
        if not path.is_symlink():
            return None
        try:
            target = path.resolve(strict=True)
        except RuntimeError:  # as Python calls it
            return f"{path.name} cannot be read: its links are circular"
        except (FileNotFoundError, NotADirectoryError):
            return f"{path.name} is a link to a file that does not exist"
        if any(target.is_relative_to(root) for root in self._trusted):
            return None
        return (
            f"{path.name} is a link that leads out of the models folders; move the file itself "
            "there, or name the folder that contains it as a models folder, too"
        )


def _is_unchanged(scan: _Scan) -> bool:
    """Return whether each folder that was searched has the entries that it had."""
    try:
        return all(stamp_of(folder) == stamp for folder, stamp in scan.entered.items())
    except OSError:
        return False


def _placed(info: ModelInfo, folder: ModelsFolder, candidate: Candidate) -> ModelInfo:
    """Return a model's entry with its names, and the folder that it lies in."""
    name = plain_text(candidate.name) or info.name
    full_name = plain_text(f"{candidate.folders}/{name}" if candidate.folders else name)
    return replace(info, name=name, full_name=full_name, folder=folder.name, program=folder.program)


def _by_name(
    listed: Sequence[tuple[ModelInfo, _Place]], infos: Sequence[ModelInfo]
) -> dict[str, list[tuple[ModelInfo, ModelInfo, _Place]]]:
    found: dict[str, list[tuple[ModelInfo, ModelInfo, _Place]]] = {}
    for (one, place), other in zip(listed, infos, strict=True):
        for name in {one.name, other.name, one.full_name, plain_text(one.path.stem)}:
            found.setdefault(name, []).append((one, other, place))
    return found
