"""Stored input pictures: sources, masks and control images, named by the SHA-256 of their pixels.

A sidecar refers to its source by that name, so the source is found wherever it first came from.
Transparency is stored, since its meaning depends on the use:

- a photo has no transparency: it is laid on white;
- a mask is its alpha channel, if that is not uniform: opaque parts are repainted, whatever their
  colour (the rule of A1111's create_binary_mask, modules/processing.py); otherwise its grey levels;
- a control image used without preprocessing is laid on black, which means nothing to a ControlNet.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medialab.errors import ArtifactError, PictureError
from medialab.files.pruning import StoredFile, prune, stored_files, total_size
from medialab.files.regular import open_regular
from medialab.files.whole import UNFINISHED, write_whole
from medialab.pictures.intake import PictureFile, normalise, open_picture
from medialab.pictures.png_writer import png_of
from medialab.process.installation import short_path

if TYPE_CHECKING:
    from PIL import Image

Use = Literal["photo", "mask", "control"]
_PAPER = {"photo": "white", "control": "black"}
_MODES = frozenset({"L", "LA", "RGB", "RGBA"})
# Keyword of the text in a stored file that lists, in JSON, the changes made to the picture.
_CHANGES = "Taken in"
_MOST_CHANGES = 4096  # characters
_HEAD = 2**16  # bytes at the start of a stored file that hold its size and its changes
MOST_BYTES = 4 * 2**30  # limit for the whole folder: some 150 photos, or 100,000 masks
_GRACE_NS = 24 * 3600 * 10**9  # a picture used more recently is never removed
_SWEEP_EVERY = 200  # pictures stored, since adding up the sizes in a full folder takes a while


class PictureStore:
    """Pictures in one folder, `<sha256>.png` each; the folder is created with the first one.

    Args:
        folder: The folder.
        needed: Returns the names of pictures that are still in use. With it the folder is bounded:
            above `MOST_BYTES`, `sweep` removes the least recently used of the others.
    """

    def __init__(self, folder: Path, needed: Callable[[], set[str]] | None = None) -> None:
        self.folder = folder
        self._needed = needed
        self._stored = 0
        self._news: list[str] = []

    def __repr__(self) -> str:
        return f"PictureStore({short_path(self.folder)!r})"

    def keep(self, picture: Any) -> str:
        """Store a picture, given in any form that `normalise` takes, and return its name.

        It is stored upright, in 8 bits and in sRGB (`medialab.pictures.intake.normalise`);
        `changes` returns what that took.

        Raises:
            PictureError: it is not a picture, is damaged or too large, or cannot be written.
        """
        image, changes = normalise(picture)
        name = _name_of(image)
        path = self._path(name)
        if not path.is_file() or (changes and self._changes_on_storing(name) != changes):
            self._sweep_now_and_then()
            _write(path, _encoded(image, changes))
        else:
            _touch(path)
        return name

    def take_news(self) -> list[str]:
        """Return sentences that the user should read about the folder, each only once."""
        news, self._news = self._news, []
        return news

    def sweep(self, most: int | None = None) -> int:
        """Remove pictures that are no longer in use, the least recently used first.

        Pictures named in a sidecar or another file of settings stay. So do pictures used within a
        day, which a form or a queue may refer to. If it cannot be determined which are in use,
        none is removed.

        Args:
            most: Bytes above which the folder is reduced, to 90 % of them; None for `MOST_BYTES`.

        Returns:
            How many pictures were removed.
        """
        most = MOST_BYTES if most is None else most
        files = self._files()
        if total_size(files) <= most or self._needed is None:
            return 0
        try:
            needed = self._needed()
        except ArtifactError:
            return 0
        latest = time.time_ns() - _GRACE_NS
        gone = len(
            prune(files, most, lambda one: one.used <= latest and one.path.stem not in needed)
        )
        if gone:
            self._news.append(
                f"{gone} unused pictures were removed from {self.folder.name}, which was over "
                f"{most / 2**30:.1f} GiB"
            )
        return gone

    def load(self, name: str, use: Use = "photo") -> "Image.Image":
        """Return a stored picture without transparency, for a use.

        Args:
            name: Its name, 64 hex digits.
            use: Decides what transparency means: "photo", "mask" or "control".

        Returns:
            8-bit grey or RGB; a mask is always grey.

        Raises:
            PictureError: it does not exist, is damaged or was replaced.
        """
        return _for_use(self._load(name), use)[0]

    def changes(self, name: str, use: Use = "photo") -> tuple[str, ...]:
        """Return, in words, how a picture is changed when it is stored and when it is used.

        Raises:
            PictureError: as `load`.
        """
        with self._opened(name, head=True) as file:
            has_alpha = file.image.mode.endswith("A")
        on_use = _for_use(self._load(name), use)[1] if has_alpha else []
        return (*self._changes_on_storing(name), *on_use)

    def size(self, name: str) -> tuple[int, int]:
        """Return width and height in pixels, from the header of the picture's file.

        Raises:
            PictureError: it does not exist, or is damaged.
        """
        with self._opened(name, head=True) as file:
            return file.image.size

    def thumbnail(self, name: str, side: int) -> tuple[bytes, tuple[int, int]]:
        """Return a JPEG of at most `side` pixels a side, and the picture's own width and height.

        Raises:
            PictureError: as `load`.
        """
        image = self.load(name)
        size = image.size
        image.thumbnail((side, side))
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=85)
        return buffer.getvalue(), size

    def _sweep_now_and_then(self) -> None:
        if self._needed is not None and self._stored % _SWEEP_EVERY == 0:
            self.sweep()
        self._stored += 1

    def _files(self) -> list[StoredFile]:
        """Return the stored pictures, and temporary files of killed processes."""
        with contextlib.suppress(OSError):
            kinds = {".png", UNFINISHED}
            return stored_files(path for path in self.folder.iterdir() if path.suffix in kinds)
        return []

    def _load(self, name: str) -> "Image.Image":
        """Return a picture as it is stored, with its alpha."""
        path = self._path(name)
        with self._opened(name) as file:
            file.image.load()
            found = file.image
        if found.mode not in _MODES or _name_of(found) != name:
            raise PictureError(f"{path.name} in {self.folder.name} was replaced by another picture")
        return found

    def _changes_on_storing(self, name: str) -> tuple[str, ...]:
        with contextlib.suppress(PictureError, ValueError, RecursionError):
            with self._opened(name, head=True) as file:
                words = json.loads(file.texts.get(_CHANGES, "[]")[:_MOST_CHANGES])
            if isinstance(words, list):
                return tuple(word for word in words if isinstance(word, str))
        return ()

    @contextlib.contextmanager
    def _opened(self, name: str, *, head: bool = False) -> Iterator[PictureFile]:
        """Open a stored file for the block; with `head`, only its header, without pixels."""
        path = self._path(name)
        if not path.exists():
            message = (
                f"the picture {name[:10]}… is not in {self.folder.name}; store it again, or copy "
                "its file there"
            )
            raise PictureError(message).in_code("bench.keep(path)")
        try:
            source = _head_of(path) if head else path
            with open_picture(source, path.name, ("PNG",)) as file:
                _touch(path)
                yield file
        except (PictureError, OSError) as error:
            message = f"{path.name} in {self.folder.name} is damaged; store the picture again"
            raise PictureError(message) from error

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise PictureError(
                f"{name!r} is not the name of a stored picture; bench.keep(path) returns the name"
            )
        return self.folder / f"{name}.png"


def _head_of(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(_HEAD) or b""


def _touch(path: Path) -> None:
    """Mark a file as used now."""
    with contextlib.suppress(OSError):  # another user's file, or a read-only disk
        os.utime(path)


def _for_use(image: "Image.Image", use: Use) -> "tuple[Image.Image, list[str]]":
    """Return a picture without alpha, for a use, and what became of its transparency, in words."""
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
    """Return the name of a picture: the SHA-256 of its mode, size and pixels."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def _encoded(image: "Image.Image", changes: tuple[str, ...]) -> bytes:
    from PIL import PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    if changes:
        chunks.add_itxt(_CHANGES, json.dumps(changes)[:_MOST_CHANGES])
    return png_of(image, chunks)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole: others may be reading it."""
    try:
        write_whole(path, content)
    except OSError as error:
        reason = error.strerror or error
        message = f"the picture cannot be stored in {path.parent}: {reason}"
        raise PictureError(f"{message}; free some space, or make the folder writable") from error
