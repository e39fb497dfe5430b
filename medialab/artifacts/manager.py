"""ArtifactManager: saves, finds and reads back pictures in one outputs folder."""

import errno
import hashlib
import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from medialab.artifacts import formats, publishing
from medialab.artifacts.days import days_in, may
from medialab.artifacts.deleted import Bin
from medialab.artifacts.differences import Difference, differences
from medialab.artifacts.index import PictureIndex
from medialab.artifacts.library import PictureLibrary, as_query
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.reading import SettingsReader
from medialab.artifacts.reservations import BIN
from medialab.artifacts.sidecar import Artifact, PictureFacts, Sidecar
from medialab.artifacts.tag_names import changed_tags, clean_tags
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, LeftOutWarning
from medialab.infotext import text as infotext
from medialab.lora import hashes_in_record
from medialab.process.versions import program_version
from medialab.settings.filenames import Named, make_name


class ArtifactManager(PictureLibrary):
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
        self._bin = Bin(self.folder)
        self._bin_index = PictureIndex(self._bin.folder)
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
        try:
            path = publishing.publish(folder, name, sidecar.encode(), picture, suffix)
        except OSError as error:
            raise ArtifactError(f"picture not saved in {folder}: {_advice(error)}") from error
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
            raise ArtifactError(f"{found.name} cannot be read: {_advice(error)}") from error
        return Artifact.of(found, sidecar) if is_same else None

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
        picture = self.picture_at(path)
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

    def delete(self, path: Path | str) -> Path:
        """Move a picture with its sidecar and thumbnail to the bin, `outputs/bin`.

        Returns:
            The picture's path in the bin; `restore` takes it back. Its number is not given again.

        Raises:
            ArtifactError: there is no such picture here, it is in the bin, or it cannot be moved;
                then picture and sidecar are both unchanged.
        """
        picture = self.picture_at(path)
        if picture.is_relative_to(self._bin.folder):
            raise ArtifactError(f"{picture.name} is in the bin already").in_code(
                "bench.artifacts.empty_bin(only=[path]) removes it for good"
            )
        try:
            there = self._bin.put(picture)
        except OSError as error:
            raise ArtifactError(f"{picture.name} not deleted: {_advice(error)}") from error
        self._thumbnails.move(picture, there)
        return there

    def restore(self, path: Path | str) -> Artifact | None:
        """Move a picture back from the bin to where it was.

        Args:
            path: Its path in the bin, as `delete` and `bin` return it.

        Returns:
            The picture; None if it has no sidecar.

        Raises:
            ArtifactError: it is not in the bin, a file of its name is where it was, or it cannot
                be moved; then it is still in the bin.
        """
        picture = self.picture_at(path)
        if not picture.is_relative_to(self._bin.folder):
            raise ArtifactError(f"{picture.name} is not in the bin")
        try:
            there = self._bin.take(picture)
        except OSError as error:
            raise ArtifactError(f"{picture.name} not restored: {_advice(error)}") from error
        self._thumbnails.move(picture, there)
        sidecar = there.with_suffix(".json")
        return Artifact.of(there, Sidecar.read(sidecar)) if sidecar.exists() else None

    def bin(self, query: str | Query = "", *, limit: int = 100, offset: int = 0) -> list[Artifact]:
        """Return deleted pictures, as `find` returns the others; their paths are in the bin."""
        is_there = self._bin.folder.is_dir()
        return self._bin_index.find(as_query(query), limit, offset) if is_there else []

    def names_in_bin(self, query: str | Query = "") -> list[str]:
        """Return the paths of all deleted pictures that match, as `names` does of the others."""
        if not self._bin.folder.is_dir():
            return []
        return [f"{BIN}/{name}" for name in self._bin_index.names(as_query(query))]

    def look_up(self, names: Sequence[str]) -> list[Artifact]:
        """Return the pictures at paths that `names` or `names_in_bin` returned, in any order.

        Those that are gone since are left out.
        """
        binned = [name.removeprefix(f"{BIN}/") for name in names if name.startswith(f"{BIN}/")]
        found = super().look_up([name for name in names if not name.startswith(f"{BIN}/")])
        return [*found, *self._bin_index.look_up(binned)] if binned else found

    def count_bin(self, query: str | Query = "") -> int:
        """Return how many deleted pictures match a query."""
        return self._bin_index.count(as_query(query)) if self._bin.folder.is_dir() else 0

    def choices_in_bin(self) -> Choices:
        """Return the tags, checkpoints and LoRAs of the deleted pictures, as `choices` does."""
        return self._bin_index.choices() if self._bin.folder.is_dir() else Choices()

    def empty_bin(
        self, older_than: timedelta | None = None, *, only: Sequence[Path | str] | None = None
    ) -> int:
        """Remove deleted pictures for good, with their sidecars and thumbnails.

        Args:
            older_than: Time since the deletion after which a picture is removed; None for all.
            only: Paths of the pictures to remove; None for all.

        Returns:
            How many were removed.

        Raises:
            ArtifactError: one is not in the bin, or cannot be removed.
        """
        if not self._bin.folder.is_dir():
            return 0
        paths = None if only is None else {self.picture_at(path) for path in only}
        before = None if older_than is None else time.time() - older_than.total_seconds()
        try:
            return self._bin.empty(before, paths)
        except OSError as error:
            raise ArtifactError(f"the bin was not emptied: {_advice(error)}") from error

    def annotate(
        self, path: Path | str, *, tags: Sequence[str] | None = None, stars: int | None = None
    ) -> Artifact:
        """Set the tags or the stars of a picture, in its sidecar.

        Args:
            path: The picture or its sidecar.
            tags: The new tags, in place of the old ones; None leaves them.
            stars: 0 to 5; None leaves them.

        Raises:
            ArtifactError: a tag is not possible, or the sidecar could not be changed; it is
                unchanged.
        """
        _check_stars(stars)
        changes = {"tags": None if tags is None else clean_tags(tags), "stars": stars}
        update = {name: value for name, value in changes.items() if value is not None}
        return self._change(path, lambda _: update)

    def annotate_all(
        self,
        paths: Iterable[Path | str],
        *,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        stars: int | None = None,
    ) -> list[Artifact]:
        """Add tags to many pictures, remove some from them, or set their stars.

        Args:
            paths: The pictures or their sidecars.
            add_tags: Tags that all of them have afterwards.
            remove_tags: Tags that none of them has afterwards; capitals do not count.
            stars: 0 to 5; None leaves them.

        Raises:
            ArtifactError: a tag is not possible, and no picture is changed; or some could not be
                changed: all others are, and the message names the first.
        """
        _check_stars(stars)
        added, unwanted = clean_tags(add_tags), list(remove_tags)

        def update(old: Sidecar) -> Mapping[str, Any]:
            tags = changed_tags(old.tags, added, unwanted)
            return {"tags": tags, "stars": old.stars if stars is None else stars}

        return self.change_all(paths, update)

    def change_all(
        self, paths: Iterable[Path | str], changes_for: Callable[[Sidecar], Mapping[str, Any]]
    ) -> list[Artifact]:
        """Change the sidecars of many pictures; one that would stay as it is is not written.

        Args:
            paths: The pictures or their sidecars, those in the bin too.
            changes_for: Returns the new values of a sidecar's tags or stars.

        Raises:
            ArtifactError: some could not be changed; all others are, and the message names the
                first.
        """
        changed, failed = [], []
        for path in paths:
            try:
                changed.append(self._change(path, changes_for))
            except ArtifactError as error:
                failed.append(error)
        if failed:
            count = len(changed) + len(failed)
            raise ArtifactError(f"{len(failed)} of {count} pictures not annotated: {failed[0]}")
        return changed

    def _change(
        self, path: Path | str, changes_for: Callable[[Sidecar], Mapping[str, Any]]
    ) -> Artifact:
        """Change a sidecar; nothing is written if nothing is new."""
        picture = self.picture_at(path)
        sidecar = picture.with_suffix(".json")
        try:
            with publishing.replacing(sidecar) as replace:
                old = Sidecar.read(sidecar)
                new = old.model_copy(update=dict(changes_for(old)))
                if new != old:
                    replace(new.encode())
        except OSError as error:
            raise ArtifactError(f"{picture.name} not annotated: {_advice(error)}") from error
        return Artifact.of(picture, new)

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


def _check_stars(stars: int | None) -> None:
    if stars is not None and stars not in range(6):
        raise ArtifactError(f"stars={stars}: choose 0 to 5")


def _advice(error: OSError) -> str:
    """Return what is wrong and what the user can do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space, or choose another outputs folder"
    if isinstance(error, BlockingIOError):
        return f"{error}; try again"
    reason = error.strerror or str(error)
    return f"{reason}; check that you may write to the folder, or choose another"
