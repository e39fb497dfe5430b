"""Pictures that requests start from, kept by what they show: the sha256 of their pixels.

A sidecar names its source by that, so it is found again wherever it first came from.
"""

import contextlib
import hashlib
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from medialab.errors import PictureError, PictureTooLargeError

if TYPE_CHECKING:
    from PIL import Image

# Whoever opens a picture of a bomb's size runs out of memory: 64 megapixels are 8192 a side.
MOST_PIXELS = 8192 * 8192
_MODES = ("RGB", "L")


class PictureStore:
    """Pictures of one folder, `<sha256>.png` each. Made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, picture: "Image.Image | Path | str | bytes") -> str:
        """Keep a picture (or the file or bytes of one) and return its name.

        It is turned upright as its EXIF says, laid on white where it is transparent, and kept as
        8-bit RGB, or as 8-bit grey if it is grey.

        Raises:
            PictureError: no picture, a broken or a far too large one.
        """
        image = _plain(_opened(picture))
        name = _name_of(image)
        path = self._path(name)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            buffer = BytesIO()
            image.save(buffer, "PNG", compress_level=1)
            _write(path, buffer.getvalue())
        return name

    def load(self, name: str) -> "Image.Image":
        """The picture of that name.

        Raises:
            PictureError: it is not there, or not what it was.
        """
        from PIL import Image

        path = self._path(name)
        if not path.exists():
            message = (
                f"the picture {name[:10]}… is not in {self.folder.name}; give it again: "
                "bench.keep(path), or copy its file there"
            )
            raise PictureError(message)
        try:
            with Image.open(path, formats=["PNG"]) as image:
                image.load()
                found = image.copy()
        except (OSError, SyntaxError, ValueError) as error:
            raise PictureError(f"{path.name} in {self.folder.name} is broken; give it again") from (
                error
            )
        if _name_of(found) != name:
            raise PictureError(f"{path.name} in {self.folder.name} shows something else now")
        return found

    def thumbnail(self, name: str, side: int) -> tuple[bytes, tuple[int, int]]:
        """A JPEG of at most `side` pixels a side of the picture, and the picture's own size.

        Raises:
            PictureError: as `load`.
        """
        image = self.load(name)
        size = image.size
        image.thumbnail((side, side))
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=85)
        return buffer.getvalue(), size

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise PictureError(f"{name!r} names no picture; bench.keep(path) gives the name")
        return self.folder / f"{name}.png"


def _opened(picture: "Image.Image | Path | str | bytes") -> "Image.Image":
    from PIL import Image, UnidentifiedImageError

    if isinstance(picture, Image.Image):
        return picture
    source = BytesIO(picture) if isinstance(picture, bytes) else Path(picture)
    what = "these bytes" if isinstance(picture, bytes) else str(picture)
    try:
        with Image.open(source) as image:
            if image.width * image.height > MOST_PIXELS:
                message = f"{what}: {image.width} x {image.height} pixels are too many"
                raise PictureTooLargeError(message)
            image.load()
            return image.copy()
    except FileNotFoundError as error:
        raise PictureError(f"no file {what}") from error
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(f"{what}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{what}: no picture of a kind that can be read") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"{what}: no picture that can be read ({error})") from error


def _plain(image: "Image.Image") -> "Image.Image":
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in _MODES:
        return upright
    if upright.has_transparency_data:
        whole = upright.convert("RGBA")
        paper = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(paper, whole).convert("RGB")
    return upright.convert("L" if upright.mode in {"1", "LA", "I;16", "I", "F"} else "RGB")


def _name_of(image: "Image.Image") -> str:
    """The same for the same pixels, whatever file they came in."""
    head = f"{image.mode} {image.width} {image.height} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """The whole file or none: others may be reading."""
    number, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise PictureError(f"{path.name} cannot be kept: {error.strerror}") from error
