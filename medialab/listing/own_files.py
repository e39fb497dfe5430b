"""Changes to a person's own models: a new name, the bin and back, with all files beside a model.

Only what lies in the studio's own folders is ever moved; another program's is left as it is.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from medialab.errors import ModelMoveError, shown
from medialab.files.hashes import HashCache, Stamp
from medialab.files.pickles import PICKLE_SUFFIXES
from medialab.listing.info import (
    FURTHER_FOLDERS,
    KIND_FOLDERS,
    OF_DETECTORS,
    SINGLE_FILE,
    ModelInfo,
    check_listed,
)
from medialab.listing.note_files import A1111, CIVITAI, SHA256, stem_of
from medialab.listing.previews import ENDINGS
from medialab.process.installation import short_path

_FOLDERS = {**KIND_FOLDERS, **FURTHER_FOLDERS}
BIN = "bin"  # in the models folder, beside those of the kinds
# What lies beside a model and is its own, the longest first; .yaml and .txt are A1111's.
_BESIDE = (*ENDINGS, CIVITAI, A1111, SHA256, ".yaml", ".txt")
_MODELS = frozenset({SINGLE_FILE, ".gguf", *PICKLE_SUFFIXES, *OF_DETECTORS})
# Not in a name: what Windows forbids, what a LoRA's tag in a prompt ends at, what no one sees, and
# halves of characters.
_FORBIDDEN = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
_WINDOWS = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_MOST_BYTES = 200  # of a name: with the longest ending it fits every file system


@dataclass(frozen=True)
class BinnedModel:
    """A model in the bin.

    Attributes:
        path: Its file or folder, in the bin.
        name: Its name with the folders that it lay in, below its kind's.
        kind: The kind of model.
        size_bytes: Its size on the disk.
    """

    path: Path
    name: str
    kind: str
    size_bytes: int


def rename_model(info: ModelInfo, name: str, hashes: HashCache | None = None) -> Path:
    """Rename a model and the files beside it; it stays in its folder.

    Saved pictures still find it, by its hash. If the process is killed, the same call goes on.

    Args:
        info: The model.
        name: The new name of its file or folder, without folders and without its extension.
        hashes: Keeps the hashes of its file, so that it need not be read again.

    Returns:
        The new path.

    Raises:
        ModelMoveError: the name is not possible or taken, the model is another program's or gone,
            or it cannot be renamed; nothing is changed.
    """
    _check_own(info)
    source, new = info.path, _checked(name)
    target = source.with_name(new if source.is_dir() else new + source.suffix)
    is_same = _is_same(source, target)  # other capitals, on Windows
    taken = [one.name for one in _models_called(source.parent, new) if one != source]
    if taken and not is_same:
        message = f"there is a model {taken[0]} already; choose another name"
        raise ModelMoveError(message)
    moves = [*_beside_to(source, source.parent, new), (source, target)]
    _move(moves, hashes, shared=_is_shared(source))
    return target


class ModelBin:
    """The bin of a models folder: `models/bin`, in which nothing is a model any more.

    Args:
        folder: The models folder, the studio's own.
        hashes: Keeps the hashes of files, so that they need not be read again.
    """

    def __init__(self, folder: Path, hashes: HashCache | None = None) -> None:
        self._hashes = hashes
        self._models = folder.resolve()
        self.folder = self._models / BIN

    def __repr__(self) -> str:
        return f"ModelBin({short_path(self.folder)!r})"

    def put(self, info: ModelInfo) -> BinnedModel:
        """Move a model and the files beside it to the bin.

        Raises:
            ModelMoveError: it is another program's, is gone, or cannot be moved; it stays.
        """
        _check_own(info)
        source, tops = info.path, [self._models / one for one in _FOLDERS]
        if not any(map(source.is_relative_to, tops)):
            message = f"{source.name} lies outside {self._models.name}/; delete it there"
            raise ModelMoveError(message)
        folder = self.folder / source.parent.relative_to(self._models)
        stem = _free_stem(folder, source)
        target = folder / (stem if source.is_dir() else stem + source.suffix)
        _make(folder)
        moves = [*_beside_to(source, folder, stem), (source, target)]
        _move(moves, self._hashes, shared=_is_shared(source))
        return self._binned(target, info.kind)

    def all(self) -> list[BinnedModel]:
        """Return the models in the bin, those of a kind by name."""
        found = []
        for place, kind in _FOLDERS.items():
            top = self.folder / place
            found += [self._binned(path, kind) for path in _models_below(top)]
        kinds = list(KIND_FOLDERS.values())
        return sorted(found, key=lambda one: (kinds.index(one.kind), one.name))

    def restore(self, binned: BinnedModel) -> Path:
        """Move a model and the files beside it back to where they lay; return its path.

        Raises:
            ModelMoveError: a model of that name is there now, or it cannot be moved.
        """
        path = self._inside(binned)
        folder = self._models / path.parent.relative_to(self.folder)
        taken = _models_called(folder, stem_of(path))
        if taken:
            message = f"there is a model {taken[0].name} already; rename it, then restore this one"
            raise ModelMoveError(message)
        _make(folder)
        moves = [*_beside_to(path, folder, stem_of(path)), (path, folder / path.name)]
        _move(moves, self._hashes, shared=False)
        return folder / path.name

    def empty(self, only: Sequence[BinnedModel] | None = None) -> int:
        """Remove models for good, those given or all; return how many.

        Raises:
            ModelMoveError: one cannot be removed; those before it are gone.
        """
        every = self.all() if only is None else only
        for one in every:
            path = self._inside(one)
            try:
                for other, _ in _beside_to(path, path.parent, stem_of(path)):
                    other.unlink(missing_ok=True)
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            except OSError as error:
                message = f"{path.name} cannot be removed ({error.strerror or error})"
                raise ModelMoveError(message) from error
        return len(every)

    def _binned(self, path: Path, kind: str) -> BinnedModel:
        way = Path(*path.relative_to(self.folder).parts[1:])
        return BinnedModel(path, way.with_name(stem_of(path)).as_posix(), kind, _size_of(path))

    def _inside(self, binned: BinnedModel) -> Path:
        path = binned.path
        if not path.is_relative_to(self.folder) or ".." in path.parts or not os.path.lexists(path):
            raise ModelMoveError(f"{path.name} is not in the bin of models any more")
        return path


def _check_own(info: ModelInfo) -> None:
    check_listed(info)
    if info.program:
        message = (
            f"{info.path.name} lies in a folder of {info.program}, in which nothing is changed; "
            f"use {info.program} for that"
        )
        raise ModelMoveError(message)
    if not os.path.lexists(info.path):
        message = f"there is no {info.path.name} any more; refresh the models"
        raise ModelMoveError(message)


def _checked(name: str) -> str:
    """Return a new name without blanks around it.

    Raises:
        ModelMoveError: no file should be called so; the message says why.
    """
    plain = name.strip() if isinstance(name, str) else ""
    if not plain:
        raise ModelMoveError("a model needs a name; type one")
    if wrong := _FORBIDDEN.search(plain):
        message = f"a model's name cannot contain {shown(wrong[0])}; leave it out"
        raise ModelMoveError(message)
    if plain.startswith(".") or plain.endswith(".") or _WINDOWS.fullmatch(plain):
        message = f"no model can be called {shown(plain)} on every system; choose another name"
        raise ModelMoveError(message)
    if len(plain.encode("utf-8", "replace")) > _MOST_BYTES:
        message = f"the name is too long; use at most {_MOST_BYTES} bytes"
        raise ModelMoveError(message)
    return plain


def _models_called(folder: Path, stem: str) -> list[Path]:
    """Return the models in a folder of that name, whatever their extension; capitals do not count.

    Their notes and previews have the same names, so that two of them would share these.
    """
    wanted = stem.casefold()
    with suppress(OSError):
        return [
            one
            for one in sorted(folder.iterdir())
            if stem_of(one).casefold() == wanted and _is_model(one)
        ]
    return []


def _is_shared(model: Path) -> bool:
    """Return whether the files beside a model are another's too: `ink.safetensors`, `ink.ckpt`."""
    return len(_models_called(model.parent, stem_of(model))) > 1


def _beside_to(model: Path, folder: Path, stem: str) -> list[tuple[Path, Path]]:
    """Return the files beside a model, each with its path in a folder under another name."""
    own = stem_of(model)
    files = [model.with_name(own + ending) for ending in _BESIDE]
    return [
        (file, folder / (stem + file.name.removeprefix(own)))
        for file in files
        if os.path.lexists(file) and file != model
    ]


def _free_stem(folder: Path, model: Path) -> str:
    """Return a name for a model in a folder of the bin at which nothing is overwritten."""
    stem, count = stem_of(model), 1
    while _models_called(folder, stem) or any(
        os.path.lexists(folder / (stem + ending)) for ending in _BESIDE
    ):
        count += 1
        stem = f"{stem_of(model)}-{count}"
    return stem


def _make(folder: Path) -> None:
    try:
        leads_elsewhere = folder.resolve() != folder
    except (OSError, RuntimeError):  # a circular link
        leads_elsewhere = True
    if leads_elsewhere:
        message = f"{folder} leads elsewhere by a link; replace the link by a folder"
        raise ModelMoveError(message)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder.name} cannot be made ({error.strerror or error}); check the folder"
        raise ModelMoveError(message) from error


def _move(moves: Sequence[tuple[Path, Path]], hashes: HashCache | None, *, shared: bool) -> None:
    """Rename the files beside a model, then the model; if one fails, undo those before it.

    A file beside it that is another model's too is copied.

    Raises:
        ModelMoveError: one is in the way, or cannot be moved; all are where they were.
    """
    *beside, last = moves
    for source, target in beside:
        _check_free(source, target)
    undo: list[tuple[Path, Path | None]] = []
    try:
        for source, target in beside:
            if shared:
                undo.append((target, None))
                shutil.copy2(source, target)
            else:
                source.rename(target)
                undo.append((target, source))
        stamp = Stamp.of(last[0].stat()) if last[0].is_file() else None
        _check_free(*last)  # again: it would be overwritten without a word
        last[0].rename(last[1])
        if hashes is not None and stamp is not None:
            hashes.moved(stamp, last[1])
    except BaseException as error:
        for target, before in reversed(undo):
            with suppress(OSError):
                target.rename(before) if before else target.unlink()
        if not isinstance(error, OSError):
            raise
        message = f"{last[0].name} cannot be moved ({error.strerror or error}); it is unchanged"
        raise ModelMoveError(message) from error


def _check_free(source: Path, target: Path) -> None:
    """Refuse to move a file where another is, a link to nothing too."""
    if os.path.lexists(target) and not _is_same(source, target):
        message = f"{target.name} is in the way; rename or remove it, then try again"
        raise ModelMoveError(message)


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths are of one file; a link is none but itself."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False


def _is_model(path: Path) -> bool:
    """Return whether a file or folder looks like a model, usable or not."""
    if path.is_dir():
        return any((path / name).is_file() for name in ("model_index.json", "config.json"))
    return path.suffix.lower() in _MODELS


def _models_below(top: Path) -> Iterator[Path]:
    """Yield the models in a folder of the bin."""
    with suppress(OSError):
        for one in top.iterdir():
            if _is_model(one):
                yield one
            elif one.is_dir() and not one.is_symlink():
                yield from _models_below(one)


def _size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; 0 if they cannot be read."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            return sum(one.lstat().st_size for one in path.rglob("*") if one.is_file())
        return path.lstat().st_size
    return 0
