"""The pictures of one outputs folder, found and read; nothing here changes them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from medialab.artifacts import formats
from medialab.artifacts.days import PICTURES, LeftOut, picture_of
from medialab.artifacts.index import PictureIndex
from medialab.artifacts.packing import pack
from medialab.artifacts.publishing import is_full
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.sidecar import Artifact
from medialab.artifacts.table import table_of
from medialab.artifacts.thumbnails import Thumbnails
from medialab.errors import ArtifactError, shown
from medialab.files.regular import is_regular

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class PictureLibrary:
    """The saved pictures of one outputs folder: listed, searched, and read one by one.

    Attributes:
        folder: The outputs folder.
        make_room: Called with a number of bytes when the disk of the folder is full; returns
            whether it removed something that can be made again, so that writing is worth another
            try.

    Raises:
        ArtifactError: the folder is a link to itself.
    """

    def __init__(self, folder: Path | str) -> None:
        try:
            self.folder = Path(folder).resolve()
        except (OSError, RuntimeError) as error:  # which of the two depends on Python's version
            raise ArtifactError(
                f"the outputs folder {folder} cannot be resolved ({error}); choose another"
            ) from error
        self._index = PictureIndex(self.folder)
        self._thumbnails = Thumbnails(self.folder)
        self.make_room: Callable[[int], bool] = lambda _nbytes: False

    def _written(self, nbytes: int, write: Callable[[], T]) -> T:
        """Return what some writing returns; on a full disk it is repeated as room is made.

        Args:
            nbytes: About how many bytes it needs.
            write: Writes, and leaves nothing behind if that fails.

        Raises:
            OSError: it could not be written.
        """
        while True:
            try:
                return write()
            except OSError as error:
                if not is_full(error) or not self.make_room(nbytes):
                    raise

    def find(self, query: str | Query = "", *, limit: int = 100, offset: int = 0) -> list[Artifact]:
        """Return pictures, newest first unless the query says otherwise, one page at a time.

        Args:
            query: The conditions and the order, or the text of a search: "meadow seed:7".
            limit: The most pictures to return.
            offset: How many of the first to skip.

        Raises:
            ArtifactError: the text asks for an unknown setting.
        """
        return self._index.find(as_query(query), limit, offset) if self.folder.is_dir() else []

    def names(self, query: str | Query = "") -> list[str]:
        """Return the paths of all pictures that match, relative to the outputs folder, in order.

        25,000 of them are read in a tenth of a second; `look_up` returns the pictures for some.
        """
        return self._index.names(as_query(query)) if self.folder.is_dir() else []

    def table(self, query: str | Query = "") -> "pd.DataFrame":
        """Return all pictures that match as a table; `medialab.artifacts.table` lists its columns.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        if not self.folder.is_dir():
            return table_of([])
        return self._index.rows(as_query(query), table_of)

    def look_up(self, names: Sequence[str]) -> list[Artifact]:
        """Return the pictures at paths that `names` returned, without those that are gone since."""
        return self._index.look_up(names) if self.folder.is_dir() else []

    def count(self, query: str | Query = "") -> int:
        """Return how many pictures match a query, on all pages of `find`."""
        return self._index.count(as_query(query)) if self.folder.is_dir() else 0

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
        return self._thumbnails.read(self.picture_at(path))

    def pack(self, paths: Iterable[Path | str]) -> Iterator[bytes]:
        """Yield the parts of a ZIP file with pictures and their sidecars.

        No more than one part is in memory; a picture that is gone meanwhile is left out.

        Raises:
            ArtifactError: a path is outside the outputs folder.
        """
        return pack([self.picture_at(path) for path in paths], self.folder)

    def infotext_of(self, path: Path | str) -> str:
        """Return the settings of a picture as text, as A1111 writes it into the picture's file.

        Raises:
            ArtifactError: there is no such picture here, or its file has no infotext.
        """
        return formats.read_infotext(self.picture_at(path))

    def picture_at(self, path: Path | str) -> Path:
        """Return the path of a picture in the outputs folder, given its own or its sidecar's.

        Raises:
            ArtifactError: it is outside the folder, not a picture, or does not exist.
        """
        if not isinstance(path, str | Path):
            message = f"{shown(path)} is no path of a picture"
            raise ArtifactError(message).in_code("give run.artifact.path")
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
        if full.suffix not in (".json", *PICTURES):
            known = ", ".join(PICTURES)
            raise ArtifactError(
                f"{path} is not a picture of this studio; choose a {known} or its .json"
            )
        if not is_regular(full):
            raise ArtifactError(f"no file {path} in {self.folder}; `find` lists the pictures")
        return picture_of(full) if full.suffix == ".json" else full

    def rebuild_index(self) -> int:
        """Rebuild the index from the sidecars; return how many pictures there are."""
        return self._index.rebuild() if self.folder.is_dir() else 0


def as_query(query: str | Query) -> Query:
    """Return a query; a text stands for the words of a search."""
    return query if isinstance(query, Query) else Query(text=query)
