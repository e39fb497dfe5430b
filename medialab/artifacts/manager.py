"""ArtifactManager: saves pictures in one outputs folder, and reads back their settings."""

import hashlib
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from medialab.artifacts import formats, publishing
from medialab.artifacts.annotations import AnnotatedPictures
from medialab.artifacts.binned import BinnedPictures
from medialab.artifacts.days import days_in, may
from medialab.artifacts.differences import Difference, differences
from medialab.artifacts.publishing import advice
from medialab.artifacts.reading import SettingsReader
from medialab.artifacts.sidecar import Artifact, PictureFacts, Sidecar
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, LeftOutWarning
from medialab.infotext import text as infotext
from medialab.lora import hashes_in_record
from medialab.process.installation import short_path
from medialab.process.versions import program_version
from medialab.settings.filenames import Named, make_name


class ArtifactManager(BinnedPictures, AnnotatedPictures):
    """The pictures of one outputs folder, and no file outside it.

    `outputs/2026-11-22/00007-1234-a-red-ball.png`, its `.json` beside it, `outputs/index.sqlite`.
    A new manager removes the temporary files of killed processes and creates none. Any number of
    processes and threads may save into one folder at once.

    Raises:
        ArtifactError: the folder is a link to itself.
    """

    def __init__(self, folder: Path | str, reader: SettingsReader | None = None) -> None:
        super().__init__(folder)
        self._reader = reader or SettingsReader()
        if self.folder.is_dir():
            with suppress(ArtifactError):  # reported when pictures are searched
                for day in days_in(self.folder)[0]:
                    publishing.sweep(self.folder / day)

    def __repr__(self) -> str:
        return f"ArtifactManager({short_path(self.folder)!r})"

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
        return self._publish(sidecar, picture)

    def take_in(self, sidecar: Sidecar, picture: bytes) -> Artifact:
        """Write a picture that another outputs folder had, as it is, with its sidecar.

        Args:
            sidecar: Its sidecar; the time of its creation becomes now, so that it is the newest.
            picture: The content of its file.

        Raises:
            ArtifactError: the picture is not the sidecar's, or could not be written; neither file
                is left.
        """
        if hashlib.sha256(picture).hexdigest() != sidecar.image.sha256:
            message = "picture not saved: it is not the one that its sidecar describes"
            raise ArtifactError(message)
        created = datetime.now(UTC).isoformat(timespec="microseconds")
        return self._publish(sidecar.model_copy(update={"created": created}), picture)

    def _publish(self, sidecar: Sidecar, picture: bytes) -> Artifact:
        """Write a picture under the next number of its day, both files or neither."""
        created, config = datetime.fromisoformat(sidecar.created).astimezone(), sidecar.config
        folder = self.folder / f"{created:%Y-%m-%d}"
        size = sidecar.image.width, sidecar.image.height
        name = make_name(config.file_name, Named(config, created, *size))
        suffix = formats.SUFFIX_OF[config.format]
        content = sidecar.encode()
        publish = partial(publishing.publish, folder, name, content, picture, suffix)
        try:
            path = self._written(len(content) + len(picture), publish)
        except OSError as error:
            raise ArtifactError(f"picture not saved in {folder}: {advice(error)}") from error
        return Artifact.of(path, sidecar)

    def same(
        self,
        path: Path | str,
        image: Image.Image,
        config: ResolvedConfig,
        record: Mapping[str, Any],
    ) -> Artifact | None:
        """Return the artifact of a saved picture if saving this one would write the same file.

        Args:
            path: The saved picture.
            image: The picture, as for `save`.
            config: Its settings, as for `save`.
            record: Facts about its run, as for `save`.

        Returns:
            The artifact; None if its file or its settings differ.

        Raises:
            ArtifactError: there is no such picture here, or its sidecar cannot be read.
        """
        found = self.picture_at(path)
        sidecar = Sidecar.read(found.with_suffix(".json"))
        if sidecar.config != config or (sidecar.image.width, sidecar.image.height) != image.size:
            return None
        content = self._encode(image, config, record)
        try:
            is_same = found.read_bytes() == content
        except OSError as error:
            raise ArtifactError(f"{found.name} cannot be read: {advice(error)}") from error
        return Artifact.of(found, sidecar) if is_same else None

    def load(self, path: Path | str | Artifact) -> PipelineConfig:
        """Return the settings of a picture, from its sidecar or else from its infotext.

        Models are found by their hashes, even if they were renamed since. To read files outside
        the outputs folder, or to get the notes as data, use `Workbench.read_settings`.

        Args:
            path: The picture's path, its sidecar's, or its artifact; a relative path starts at the
                outputs folder, at the current folder, or at the folder that contains the outputs
                folder.

        Returns:
            A `ResolvedConfig` from a sidecar. A `PipelineConfig` from infotext, with defaults for
            settings that it does not contain.

        Warns:
            LeftOutWarning: some settings could not be applied unchanged; the text says which, and
                why.

        Raises:
            ArtifactError: there is no such file here, or it holds no settings.
        """
        picture = self.picture_at(path.path if isinstance(path, Artifact) else path)
        read = self._reader.of_picture(picture, is_ours=True)
        if not read.set:
            raise ArtifactError(f"{picture}: {read.summary}")
        # A missing model of a resolved request is reported, with its hash, when the request runs.
        is_reported_later = isinstance(read.config, ResolvedConfig) and not read.notes
        if read.lost and not is_reported_later:
            warnings.warn(f"{picture.name}: {read.lost}", LeftOutWarning, stacklevel=2)
        return read.config

    def differences(self, path: Path | str, other: Path | str) -> list[Difference]:
        """Return the settings in which two pictures differ.

        Raises:
            ArtifactError: as `load`.
        """
        return differences(self.load(path), self.load(other))

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
