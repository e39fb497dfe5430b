"""ArtifactManager: saves, finds and reads back pictures in one outputs folder."""

import errno
import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from medialab.artifacts import formats, publishing
from medialab.artifacts.days import LeftOut, days_in, may
from medialab.artifacts.index import PictureIndex
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.reading import SettingsReader
from medialab.artifacts.sidecar import Artifact, PictureFacts, Sidecar
from medialab.artifacts.thumbnails import Thumbnails
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, LeftOutWarning
from medialab.files.regular import is_regular
from medialab.infotext import text as infotext
from medialab.lora import hashes_in_record
from medialab.process.versions import program_version
from medialab.settings.filenames import Named, make_name


class ArtifactManager:
    """The pictures of one outputs folder, and no file outside it.

    `outputs/2026-11-22/00007-1234-a-red-ball.png`, its `.json` beside it, `outputs/index.sqlite`.
    A new manager removes the temporary files of killed processes and creates none. Any number of
    processes and threads may save into one folder at once.

    Raises:
        ArtifactError: the folder is a link to itself.
    """

    def __init__(self, folder: Path | str, reader: SettingsReader | None = None) -> None:
        try:
            self.folder = Path(folder).resolve()
        except (OSError, RuntimeError) as error:  # which of the two depends on Python's version
            raise ArtifactError(
                f"the outputs folder {folder} cannot be resolved ({error}); choose another"
            ) from error
        self._reader = reader or SettingsReader()
        self._index = PictureIndex(self.folder)
        self._thumbnails = Thumbnails(self.folder)
        if self.folder.is_dir():
            with suppress(ArtifactError):  # reported when pictures are searched
                for day in days_in(self.folder)[0]:
                    publishing.sweep(self.folder / day)

    def check(self) -> None:
        """Check that pictures can be saved in the folder, before one is made.

        Raises:
            ArtifactError: it is not a folder, or is not writable.
        """
        try:
            there = next(one for one in (self.folder, *self.folder.parents) if one.exists())
            why = "" if there.is_dir() else f"{there.name} is not a folder"
            if not why and not may(there, os.W_OK | os.X_OK):
                why = f"{there.name} is not writable"
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            raise ArtifactError(
                f"no picture can be saved in {self.folder}: {why}; change its permissions, choose "
                "another outputs folder, or run with save=False"
            )

    def save(
        self, image: Image.Image, config: ResolvedConfig, record: Mapping[str, Any]
    ) -> Artifact:
        """Write the picture with its infotext, and its sidecar: both or neither.

        Args:
            image: The picture; the same image and config give the same bytes.
            config: The settings that made it, format and file name among them.
            record: Facts about the run, in values that JSON can hold.

        Raises:
            ArtifactError: the picture could not be written; neither file is left.
        """
        created = datetime.now(UTC)
        picture = self._encode(image, config, record)
        sidecar = Sidecar(
            created=created.isoformat(timespec="microseconds"),
            config=config,
            record=dict(record),
            image=PictureFacts(
                sha256=hashlib.sha256(picture).hexdigest(), width=image.width, height=image.height
            ),
        )
        folder = self.folder / f"{created.astimezone():%Y-%m-%d}"
        name = make_name(
            config.file_name, Named(config, created.astimezone(), image.width, image.height)
        )
        suffix = formats.SUFFIX_OF[config.format]
        try:
            path = publishing.publish(folder, name, sidecar.encode(), picture, suffix)
        except OSError as error:
            raise ArtifactError(f"picture not saved in {folder}: {_advice(error)}") from error
        return Artifact.of(path, sidecar)

    def load(self, path: Path | str) -> PipelineConfig:
        """Return the settings of a picture, from its sidecar or else from its infotext.

        Models are found by their hashes, even if they were renamed since. To read files outside
        the outputs folder, or to get the notes as data, use `Workbench.read_settings`.

        Args:
            path: The picture or its sidecar; a relative path starts at the outputs folder, at the
                current folder, or at the folder that contains the outputs folder.

        Returns:
            A `ResolvedConfig` from a sidecar. A `PipelineConfig` from infotext, with defaults for
            settings that it does not contain.

        Warns:
            LeftOutWarning: some settings could not be applied unchanged; the text says which, and
                why.

        Raises:
            ArtifactError: there is no such file here, or it holds no settings.
        """
        picture = self._picture(path)
        read = self._reader.of_picture(picture, is_ours=True)
        if not read.set:
            raise ArtifactError(f"{picture}: {read.summary}")
        # A missing model of a resolved request is reported, with its hash, when the request runs.
        is_reported_later = isinstance(read.config, ResolvedConfig) and not read.notes
        if read.lost and not is_reported_later:
            warnings.warn(f"{picture.name}: {read.lost}", LeftOutWarning, stacklevel=2)
        return read.config

    def find(self, query: str | Query = "", *, limit: int = 100, offset: int = 0) -> list[Artifact]:
        """Return pictures, newest first, one page at a time.

        Args:
            query: The conditions; a text stands for all pictures that contain each of its words.
            limit: The most pictures to return.
            offset: How many of the newest to skip.
        """
        return self._index.find(_query(query), limit, offset) if self.folder.is_dir() else []

    def count(self, query: str | Query = "") -> int:
        """Return how many pictures match a query, on all pages of `find`."""
        return self._index.count(_query(query)) if self.folder.is_dir() else 0

    def left_out(self) -> list[LeftOut]:
        """Return the files and folders that cannot be listed, each with the reason."""
        return self._index.left_out() if self.folder.is_dir() else []

    def choices(self) -> Choices:
        """Return the tags, checkpoints and LoRAs by which pictures can be searched."""
        return self._index.choices() if self.folder.is_dir() else Choices()

    def thumbnail(self, path: Path | str) -> bytes:
        """Return a small WebP of a picture, cached in `outputs/thumbnails`.

        Raises:
            ArtifactError: there is no such picture here, or it is damaged.
        """
        return self._thumbnails.read(self._picture(path))

    def delete(self, path: Path | str) -> None:
        """Delete a picture with its sidecar and thumbnail.

        Raises:
            ArtifactError: there is no such picture here, or it cannot be deleted; then picture and
                sidecar are both unchanged.
        """
        picture = self._picture(path)
        try:
            publishing.remove(picture)
        except OSError as error:
            raise ArtifactError(f"{picture.name} not deleted: {_advice(error)}") from error
        self._thumbnails.forget(picture)

    def annotate(
        self, path: Path | str, *, tags: Sequence[str] | None = None, stars: int | None = None
    ) -> Artifact:
        """Set the tags or the stars of a picture, in its sidecar.

        Args:
            path: The picture or its sidecar.
            tags: The new tags, in place of the old ones; None leaves them.
            stars: 0 to 5; None leaves them.

        Raises:
            ArtifactError: the sidecar could not be changed, and is unchanged.
        """
        picture = self._picture(path)
        sidecar = picture.with_suffix(".json")
        changes = {"tags": None if tags is None else tuple(tags), "stars": stars}
        if stars is not None and stars not in range(6):
            raise ArtifactError(f"stars={stars}: choose 0 to 5")
        update = {name: value for name, value in changes.items() if value is not None}
        try:
            with publishing.replacing(sidecar) as replace:
                new = Sidecar.read(sidecar).model_copy(update=update)
                replace(new.encode())
        except OSError as error:
            raise ArtifactError(f"{picture.name} not annotated: {_advice(error)}") from error
        return Artifact.of(picture, new)

    def rebuild_index(self) -> int:
        """Rebuild the index from the sidecars; return how many pictures there are."""
        return self._index.rebuild() if self.folder.is_dir() else 0

    def _encode(
        self, image: Image.Image, config: ResolvedConfig, record: Mapping[str, Any]
    ) -> bytes:
        """Encode the picture's file, with the infotext in it."""
        text = infotext.write(
            config,
            checkpoint_hash=config.checkpoint_sha256[:10],
            version=f"Media Lab Studio {program_version()}",
            lora_hashes=hashes_in_record(record),
            record=record,
        )
        return formats.encode(image, text, config)

    def _picture(self, path: Path | str) -> Path:
        """Return the path of a picture in the outputs folder, given its own or its sidecar's.

        Raises:
            ArtifactError: it is outside the folder, not a picture, or does not exist.
        """
        # As `find` returns it, as a shell completes it, or as the panel and the README write it.
        bases = (self.folder, Path.cwd(), self.folder.parent)
        try:
            tried = [(base / path).resolve() for base in bases]
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL, too long
            raise ArtifactError(f"{str(path)!r} is not a path of a file ({error})") from error
        full = next((path for path in tried if is_regular(path)), tried[0])
        if not full.is_relative_to(self.folder):
            raise ArtifactError(
                f"{path} is outside the outputs folder {self.folder}; copy it there"
            ).in_code("bench.read_settings(path) reads its settings")
        if full.suffix not in (".json", *publishing.PICTURES):
            known = ", ".join(publishing.PICTURES)
            raise ArtifactError(
                f"{path} is not a picture of this studio; choose a {known} or its .json"
            )
        if not is_regular(full):
            raise ArtifactError(f"no file {path} in {self.folder}; `find` lists the pictures")
        return publishing.picture_of(full) if full.suffix == ".json" else full


def _query(query: str | Query) -> Query:
    return query if isinstance(query, Query) else Query(text=query)


def _advice(error: OSError) -> str:
    """Return what is wrong and what the user can do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space, or choose another outputs folder"
    if isinstance(error, BlockingIOError):
        return f"{error}; try again"
    reason = error.strerror or str(error)
    return f"{reason}; check that you may write to the folder, or choose another"
