"""Deleted pictures: moved to the bin of an outputs folder, listed there, restored, removed."""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from medialab.artifacts.deleted import Bin
from medialab.artifacts.index import PictureIndex
from medialab.artifacts.library import PictureLibrary, as_query
from medialab.artifacts.publishing import advice
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.reservations import BIN
from medialab.artifacts.sidecar import Artifact
from medialab.errors import ArtifactError


class BinnedPictures(PictureLibrary):
    """The pictures of one outputs folder, and those in its bin, `outputs/bin`.

    Raises:
        ArtifactError: the folder is a link to itself.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__(folder)
        self._bin = Bin(self.folder)
        self._bin_index = PictureIndex(self._bin.folder)

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
            raise ArtifactError(f"{picture.name} not deleted: {advice(error)}") from error
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
            raise ArtifactError(f"{picture.name} not restored: {advice(error)}") from error
        self._thumbnails.move(picture, there)
        return Artifact.read(there) if there.with_suffix(".json").exists() else None

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
            raise ArtifactError(f"the bin was not emptied: {advice(error)}") from error
