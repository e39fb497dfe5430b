"""Small pictures of the pictures, kept on disk: a cache, and nothing more.

`outputs/thumbnails/2026-11-22/00007-1234-a-red-ball.png.webp` has the time of its picture, and is
made anew when that is another. The folder may be deleted at any time.
"""

import os
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from medialab.errors import ArtifactError, PictureError
from medialab.files.regular import read_regular
from medialab.pictures.intake import opened, plain

SIDE = 160  # pixels of the longer side
FOLDER = "thumbnails"
# Of a picture: more than may come in, since what an upscaler made is shown, too.
_MOST_PIXELS = 170_000_000
# WebP: 3 kB and 2 ms for 160 pixels; a better method takes three times as long for 5 % less.
_QUALITY, _METHOD = 80, 2
MOST_BYTES = 128 * 2**20  # some 40,000 thumbnails
_LARGEST = 2**20  # bytes of one thumbnail; they have some 3 kB
_LOOKED_AFTER_EVERY = 500  # thumbnails made, since adding up a full folder takes a second


class Thumbnails:
    """The thumbnails of one outputs folder."""

    def __init__(self, outputs: Path) -> None:
        self.folder = outputs / FOLDER
        self._outputs = outputs
        self._made = 0

    def read(self, picture: Path) -> bytes:
        """The thumbnail of a picture in the outputs folder: WebP of at most `SIDE` pixels a side.

        Raises:
            ArtifactError: the picture is gone or broken.
        """
        path = self.path_of(picture)
        changed = _time_of(picture)
        with suppress(OSError):  # there is none yet, or something else is in its place
            if path.stat().st_mtime_ns == changed:
                content = read_regular(path, _LARGEST)
                if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
                    return content
        content = _small(picture)
        # A thumbnail that cannot be kept is made again next time: no reason to show none.
        with suppress(OSError):
            self._keep(path, content, changed)
        return content

    def path_of(self, picture: Path) -> Path:
        """Where the thumbnail of a picture is kept."""
        relative = picture.relative_to(self._outputs)
        return self.folder / relative.parent / f"{relative.name}.webp"

    def forget(self, picture: Path) -> None:
        """Remove the thumbnail of a picture, if there is one."""
        with suppress(OSError):  # one that stays is pushed out when room is made
            self.path_of(picture).unlink(missing_ok=True)

    def _keep(self, path: Path, content: bytes, changed: int) -> None:
        """Write it whole or not at all, with its picture's time."""
        if self._made % _LOOKED_AFTER_EVERY == 0:
            self._make_room()
        self._made += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        partial = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            os.utime(partial, ns=(changed, changed))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Down to nine tenths of `MOST_BYTES`: first those without a picture, then the oldest."""
        kept = [(path, path.stat()) for path in self.folder.rglob("*.*") if path.is_file()]
        size = sum(stat.st_size for _, stat in kept)
        if size <= MOST_BYTES:
            return
        for path, stat in sorted(
            kept, key=lambda one: (self._has_picture(one[0]), one[1].st_mtime)
        ):
            path.unlink(missing_ok=True)
            size -= stat.st_size
            if size <= MOST_BYTES * 9 // 10:
                return

    def _has_picture(self, path: Path) -> bool:
        return (self._outputs / path.relative_to(self.folder)).with_suffix("").is_file()


def _time_of(picture: Path) -> int:
    try:
        return picture.stat().st_mtime_ns
    except OSError as error:
        raise ArtifactError(f"{picture} is gone; look again for what is there") from error


def _small(picture: Path) -> bytes:
    try:
        with opened(picture, picture.name, most=_MOST_PIXELS) as file:
            file.image.thumbnail((SIDE, SIDE))
            small, _ = plain(file.image, file.profile)
    except PictureError as error:
        message = f"{picture} is broken or no picture ({error}); restore it from a copy"
        raise ArtifactError(message) from error
    buffer = BytesIO()
    mode = "RGBA" if small.has_transparency_data else "RGB"
    small.convert(mode).save(buffer, "WEBP", quality=_QUALITY, method=_METHOD)
    return buffer.getvalue()
