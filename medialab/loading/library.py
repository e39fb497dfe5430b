"""The models folders: models are listed, found by name and hashed; nothing here loads one."""

import threading
from collections.abc import Sequence
from pathlib import Path

from medialab.errors import ModelNotFoundError, ModelRefusedError, listed, shown
from medialab.files.hashes import HashCache
from medialab.listing.editions import Editions
from medialab.listing.folders import content_files
from medialab.listing.info import FOLDER_OF_KIND, ModelInfo
from medialab.listing.model_folders import open_folders
from medialab.listing.models import ModelFiles
from medialab.listing.noted_hashes import refuse_other
from medialab.listing.snapshot import Snapshot
from medialab.loading.by_content import known_hashes, of_folder
from medialab.loading.native_sizes import native_size

_FOLDERS = frozenset({"diffusers", "transformers"})  # formats of models that are folders


class ModelLibrary:
    """The models of one folder or several; any thread may ask for them.

    Attributes:
        folders: the models folders; the first is the studio's own, in which new models are put.
        hashes: the content hashes of files; they are stored in the SQLite file `hash_cache`, or
            without one in memory only.
        editions: which editions of a family checkpoints are, as far as a person told; kept in the
            folder `editions`, or without one in memory only.
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        *,
        hash_cache: Path | None = None,
        editions: Path | None = None,
    ) -> None:
        self.folders = open_folders([folders] if isinstance(folders, Path | str) else folders)
        self._files = ModelFiles(self.folders)
        self._listing = threading.Lock()
        self.hashes = HashCache(hash_cache)
        self.editions = Editions(editions)

    @property
    def folder(self) -> Path:
        """The studio's own models folder."""
        return self.folders[0].path

    @property
    def trusted(self) -> tuple[Path, ...]:
        """The folders that links of models, and of files beside them, may lead into."""
        return tuple(one for folder in self.folders for one in folder.trusted)

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """Return the models that are in the folders now, refused files included, with the reason.

        Cost: one stat a file, and the header of a new or changed file. No weight is read.

        Args:
            kind: one kind of model, such as "checkpoint"; by default all.

        Raises:
            ModelNotFoundError: there is no such kind.
        """
        if kind is not None and kind not in FOLDER_OF_KIND:
            message = f"no kind of model {shown(kind)}; {listed(kind, FOLDER_OF_KIND)}"
            raise ModelNotFoundError(message)
        kinds = [kind] if kind else list(FOLDER_OF_KIND)
        with self._listing:
            every = [info for one in kinds for info in self._files.scan(one)]
        return [self.editions.completed(info) for info in every]

    def files(self) -> list[Path]:
        """Return the models in all folders that are single files. Cost: as `models`."""
        return [info.path for info in self.models() if info.format not in _FOLDERS]

    def snapshot(self) -> Snapshot:
        """Return the models as one request sees them: each kind is listed at most once."""
        return Snapshot(self.folder, self.models, self._recall, self.sha256)

    def find(self, name: str, kind: str) -> ModelInfo:
        """Return the model of that name as it is now; see `Snapshot.find`.

        Raises:
            ModelNotFoundError: there is none; the message lists the known names.
            ModelRefusedError: it is a pickle, broken, or one of two of that name.
        """
        return self.snapshot().find(name, kind)

    def find_same(self, name: str, kind: str, sha256: str | None) -> ModelInfo:
        """Return the model of that name and that sha256; see `Snapshot.find_same`.

        Raises:
            ModelNotFoundError: as `find`.
            ModelRefusedError: as `find`.
        """
        return self.snapshot().find_same(name, kind, sha256)

    def _recall(self, name: str, kind: str) -> ModelInfo | None:
        with self._listing:
            found = self._files.recall(name, kind)
        return found and self.editions.completed(found)

    def sha256(self, info: ModelInfo) -> str:
        """Return the sha256 of a model's content, in hex.

        For a folder it is that of the lines "<path> <sha256>" of its weights, configs and
        tokenizers, sorted by path: a readme or a sample picture changes nothing. Cost: about 5 s a
        gigabyte the first time, afterwards one stat a file.

        Raises:
            ModelRefusedError: the file is gone, or a note beside it gives another hash.
        """
        try:
            if not info.path.is_dir():
                sha256 = self.hashes.sha256(info.path)
                refuse_other(info.path, sha256)
                return sha256
            files = {file: self.hashes.sha256(file) for file in content_files(info.path)}
        except FileNotFoundError as error:
            message = f"{info.path.name} is missing, or being replaced; run this again"
            raise ModelRefusedError(message) from error
        except OSError as error:
            reason = error.strerror or error
            message = f"{info.path.name} cannot be read ({reason}); put the model's file there"
            raise ModelRefusedError(message) from error
        if not files:
            raise ModelRefusedError(f"{info.path.name} is an empty folder; put the model there")
        return of_folder(info.path, files)

    def known_sha256(self, info: ModelInfo) -> str | None:
        """Return the hash that `sha256` computed before, or None. Cost: a stat a file."""
        known = known_hashes(self, info)
        return known.sha256 if known else None

    def native_size(self, info: ModelInfo) -> int:
        """Return the side in pixels that a checkpoint was trained at, from its config or family.

        Raises:
            ModelRefusedError: neither has it.
        """
        return native_size(info)
