"""Thumbnails of pictures, cached on disk.

`outputs/thumbnails/2026-11-22/00007-1234-a-red-ball.png.webp` has the modification time of its
picture and is made again if the two differ. The folder may be deleted at any time.
"""

from contextlib import suppress
from pathlib import Path

from medialab.errors import ArtifactError, PictureError
from medialab.files.pruning import prune, stored_files, total_size
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole
from medialab.pictures.small import small_webp

SIDE = 160  # pixels of the longer side
FOLDER = "thumbnails"
MOST_BYTES = 128 * 2**20  # some 40,000 thumbnails
_LARGEST = 2**20  # bytes of one thumbnail; they have some 3 kB
_PRUNE_EVERY = 500  # thumbnails made, since adding up the sizes in a full folder takes a second


class Thumbnails:
    """The thumbnails of one outputs folder."""

    def __init__(self, outputs: Path) -> None:
        self.folder = outputs / FOLDER
        self._outputs = outputs
        self._made = 0

    def read(self, picture: Path) -> bytes:
        """Return the thumbnail of a picture: a WebP file of at most `SIDE` pixels a side.

        Args:
            picture: A path in the outputs folder.

        Raises:
            ArtifactError: the picture is gone or damaged.
        """
        path = self.path_of(picture)
        changed = _time_of(picture)
        with suppress(OSError):  # not cached yet, or something else is in its place
            if path.stat().st_mtime_ns == changed:
                content = read_regular(path, _LARGEST)
                if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
                    return content
        content = _small(picture)
        # A thumbnail that cannot be cached is made again next time.
        with suppress(OSError):
            self._cache(path, content, changed)
        return content

    def path_of(self, picture: Path) -> Path:
        """Return the path of a picture's thumbnail."""
        relative = picture.relative_to(self._outputs)
        return self.folder / relative.parent / f"{relative.name}.webp"

    def move(self, picture: Path, there: Path) -> None:
        """Keep the thumbnail of a picture that was moved within the outputs folder."""
        old, new = self.path_of(picture), self.path_of(there)
        with suppress(OSError):  # without one it is made again; an old one is pruned later
            new.parent.mkdir(parents=True, exist_ok=True)
            old.replace(new)

    def _cache(self, path: Path, content: bytes, changed: int) -> None:
        """Write a thumbnail atomically, with its picture's modification time in nanoseconds."""
        if self._made % _PRUNE_EVERY == 0:
            self._prune()
        self._made += 1
        write_whole(path, content, modified_ns=changed)

    def _prune(self) -> None:
        """Reduce the folder to 90 % of `MOST_BYTES`: thumbnails without a picture go first."""
        files = stored_files(self.folder.rglob("*.*"))
        if total_size(files) > MOST_BYTES:
            prune(sorted(files, key=lambda one: self._has_picture(one.path)), MOST_BYTES)

    def _has_picture(self, path: Path) -> bool:
        return (self._outputs / path.relative_to(self.folder)).with_suffix("").is_file()


def _time_of(picture: Path) -> int:
    try:
        return picture.stat().st_mtime_ns
    except OSError as error:
        raise ArtifactError(f"{picture} no longer exists; refresh the list") from error


def _small(picture: Path) -> bytes:
    try:
        return small_webp(picture, SIDE)
    except PictureError as error:
        message = f"{picture} is damaged or not a picture ({error}); restore it from a copy"
        raise ArtifactError(message) from error
