"""Pictures that requests start from, kept by what they show: the sha256 of their pixels.

A sidecar names its source by that, so it is found again wherever it first came from. What is
transparent in one is kept, since what that means depends on what it is used for:

- a photo, which has none: it lies on white paper;
- a mask: if the transparency has a shape it is the mask, what is opaque painted anew, whatever its
  colours are (A1111's create_binary_mask, modules/processing.py, has that rule); else the levels
  are;
- a control picture that is shown as it is: it lies on black, which tells a ControlNet nothing.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from medialab.errors import ArtifactError, PictureError
from medialab.files.regular import open_regular
from medialab.pictures.intake import PictureFile, opened, taken_in
from medialab.pictures.png_writer import png_of

if TYPE_CHECKING:
    from PIL import Image

Use = Literal["photo", "mask", "control"]
_PAPER = {"photo": "white", "control": "black"}
_MODES = frozenset({"L", "LA", "RGB", "RGBA"})
# The keyword of a kept file's text that says, as a list in JSON, what was done to it.
_TOLD = "Taken in"
_MOST_TOLD = 4096  # characters
_HEAD = 2**16  # bytes of a kept file that hold its size and what was done to it
MOST_BYTES = 4 * 2**30  # of the whole folder: some 150 photos, or 100,000 masks
_GRACE_NS = 24 * 3600 * 10**9
_LOOKED_AFTER_EVERY = 200  # pictures kept


class PictureStore:
    """Pictures of one folder, `<sha256>.png` each. Made when the first one is kept.

    With `needed`, which gives the names of those that something still speaks of, the folder is
    bounded: above `MOST_BYTES` the longest unused of the others are removed (`sweep`).
    """

    def __init__(self, folder: Path, needed: Callable[[], set[str]] | None = None) -> None:
        self.folder = folder
        self._needed = needed
        self._kept = 0
        self._news: list[str] = []

    def keep(self, picture: "Image.Image | Path | str | bytes") -> str:
        """Keep a picture (or the file or bytes of one) and return its name.

        It is kept upright, in 8 bits and in the colours of sRGB; `told` says what was done for that
        (`medialab.pictures.intake.taken_in`).

        Raises:
            PictureError: no picture, a broken or a far too large one, or it cannot be written.
        """
        image, told = taken_in(picture)
        name = _name_of(image)
        path = self._path(name)
        if not path.is_file() or (told and self._words(name) != told):
            self._look_after()
            _write(path, _encoded(image, told))
        else:
            _touch(path)
        return name

    def take_news(self) -> list[str]:
        """What a person should know of the folder, in sentences; each is given once."""
        news, self._news = self._news, []
        return news

    def sweep(self, most: int | None = None) -> int:
        """Remove pictures that nothing needs, the longest unused first; how many went.

        Down to nine tenths of `most` bytes, by default `MOST_BYTES`, if the folder has more. What a
        sidecar or another file of settings names stays, and so does what was used within a day:
        a form or a queue may hold it. Where nobody can tell what is needed, nothing goes.
        """
        most = MOST_BYTES if most is None else most
        entries = self._entries()
        size = sum(one.size for one in entries)
        if size <= most or self._needed is None:
            return 0
        try:
            needed = self._needed()
        except ArtifactError:
            return 0
        gone = 0
        for one in sorted(entries):
            if size <= most * 9 // 10 or time.time_ns() - one.used < _GRACE_NS:
                break
            if one.path.stem not in needed:
                with contextlib.suppress(OSError):
                    one.path.unlink()
                    size, gone = size - one.size, gone + 1
        if gone:
            self._news.append(
                f"{gone} unused pictures were removed from {self.folder.name}, which "
                f"had over {most / 2**30:.1f} GiB"
            )
        return gone

    def load(self, name: str, use: Use = "photo") -> "Image.Image":
        """The picture of that name as 8-bit grey or RGB, a mask as grey, by what it is used for.

        Raises:
            PictureError: it is not there, or not what it was.
        """
        return _used(self._load(name), use)[0]

    def told(self, name: str, use: Use = "photo") -> tuple[str, ...]:
        """What is done to a picture when it comes in, and when it is used for this, in words.

        Raises:
            PictureError: as `load`.
        """
        with self._opened(name, head=True) as file:
            has_alpha = file.image.mode.endswith("A")
        of_use = _used(self._load(name), use)[1] if has_alpha else []
        return (*self._words(name), *of_use)

    def size(self, name: str) -> tuple[int, int]:
        """Width and height in pixels, from the head of the picture's file.

        Raises:
            PictureError: it is not there, or broken.
        """
        with self._opened(name, head=True) as file:
            return file.image.size

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

    def _look_after(self) -> None:
        """Sweep now and then: adding up a full folder takes a while."""
        if self._needed is not None and self._kept % _LOOKED_AFTER_EVERY == 0:
            self.sweep()
        self._kept += 1

    def _entries(self) -> "list[_Entry]":
        """The kept pictures, and what killed writers left."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix in {".png", ".partial"}:
                    with contextlib.suppress(OSError):
                        status = path.lstat()
                        found.append(_Entry(status.st_mtime_ns, path, status.st_size))
        return found

    def _load(self, name: str) -> "Image.Image":
        """The picture as it was kept, with its alpha."""
        path = self._path(name)
        with self._opened(name) as file:
            file.image.load()
            found = file.image
        if found.mode not in _MODES or _name_of(found) != name:
            raise PictureError(f"{path.name} in {self.folder.name} was replaced by another picture")
        return found

    def _words(self, name: str) -> tuple[str, ...]:
        """What was done to a kept picture when it came in."""
        with contextlib.suppress(PictureError, ValueError, RecursionError):
            with self._opened(name, head=True) as file:
                words = json.loads(file.texts.get(_TOLD, "[]")[:_MOST_TOLD])
            if isinstance(words, list):
                return tuple(word for word in words if isinstance(word, str))
        return ()

    @contextlib.contextmanager
    def _opened(self, name: str, *, head: bool = False) -> Iterator[PictureFile]:
        """A kept file, opened; of its `head` alone there are no pixels to read."""
        path = self._path(name)
        if not path.exists():
            message = (
                f"the picture {name[:10]}… is not in {self.folder.name}; give it again: "
                "bench.keep(path), or copy its file there"
            )
            raise PictureError(message)
        try:
            source = _head_of(path) if head else path
            with opened(source, path.name, ("PNG",)) as file:
                _touch(path)
                yield file
        except (PictureError, OSError) as error:
            message = f"{path.name} in {self.folder.name} is broken; give it again"
            raise PictureError(message) from error

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise PictureError(f"{name!r} names no picture; bench.keep(path) gives the name")
        return self.folder / f"{name}.png"


class _Entry(NamedTuple):
    """A file of the folder; sorted, the longest unused comes first."""

    used: int
    path: Path
    size: int


def _head_of(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(_HEAD) or b""


def _touch(path: Path) -> None:
    """Mark as used now."""
    with contextlib.suppress(OSError):  # another user's, or a read-only disk
        os.utime(path)


def _used(image: "Image.Image", use: Use) -> "tuple[Image.Image, list[str]]":
    """A kept picture as it is used, without alpha, and what its transparency came to, in words."""
    from PIL import Image

    has_alpha = image.mode.endswith("A")
    if use == "mask":
        if not has_alpha:
            return image.convert("L"), []
        alpha = image.getchannel("A")
        least, most = alpha.getextrema()
        if least != most or most == 0:
            return alpha, ["its transparency is used as the mask: its opaque parts are repainted"]
        return image.convert(image.mode[:-1]).convert("L"), []
    if not has_alpha:
        return image, []
    paper = Image.new("RGBA", image.size, _PAPER[use])
    flat = Image.alpha_composite(paper, image.convert("RGBA")).convert(image.mode[:-1])
    return flat, [f"its transparent parts were laid on {_PAPER[use]}"]


def _name_of(image: "Image.Image") -> str:
    """The same for the same pixels, whatever file they came in."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def _encoded(image: "Image.Image", told: tuple[str, ...]) -> bytes:
    from PIL import PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    if told:
        chunks.add_itxt(_TOLD, json.dumps(told)[:_MOST_TOLD])
    return png_of(image, chunks)


def _write(path: Path, content: bytes) -> None:
    """The whole file or none: others may be reading."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            Path(partial).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(partial).unlink()
            raise
    except OSError as error:
        reason = error.strerror or error
        message = f"the picture cannot be kept in {path.parent}: {reason}"
        raise PictureError(f"{message}; free some space, or make the folder writable") from error
