"""Files from the browser in parts, put together again.

A Jupyter server drops a message above 10 MiB without a word (tornado's websocket_max_message_size),
so the browser sends parts of 4 MiB and waits for each to be acknowledged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from medialab.errors import PictureError

LARGEST = 200 * 2**20  # bytes; a 64-megapixel PNG is about 190 MB
# Uploads that may be under way at once. A page that is closed in the middle never says so: its
# beginnings are forgotten when newer ones come.
_MOST_OPEN = 4
_MIB = 2**20


@dataclass
class Upload:
    """One file: what it is for, its name, its size in bytes, and what has arrived of it."""

    purpose: str
    name: str
    size: int
    content: bytearray = field(default_factory=bytearray)

    @property
    def is_complete(self) -> bool:
        """Whether all of it has arrived."""
        return len(self.content) == self.size


class Uploads:
    """The files that are on their way."""

    def __init__(self) -> None:
        self._open: dict[str, Upload] = {}

    def __len__(self) -> int:
        return len(self._open)

    def take(self, message: Mapping[str, Any], part: bytes) -> Upload:
        """Add a part to its file, and give the file as far as it has come.

        `message` has `upload` (an id), `purpose`, `name`, `size` of the whole in bytes and the
        `offset` of this part. A file that is complete is let go of.

        Raises:
            PictureError: it is too large, or a part is missing or does not belong; the file is
                forgotten and has to be sent again.
        """
        key = str(message["upload"])
        upload = self._open.get(key) or _begin(message)
        try:
            _check(upload, int(message["offset"]), part)
        except PictureError:
            self.forget(key)
            raise
        upload.content += part
        if upload.is_complete:
            self.forget(key)
        else:
            self._open[key] = upload
            while len(self._open) > _MOST_OPEN:
                self.forget(next(iter(self._open)))
        return upload

    def forget(self, key: str) -> None:
        """Drop what has arrived of a file."""
        self._open.pop(key, None)


def _begin(message: Mapping[str, Any]) -> Upload:
    # A name, never a way to a folder.
    name = PurePosixPath(str(message["name"]).replace("\\", "/")).name
    return Upload(str(message["purpose"]), name, int(message["size"]))


def _check(upload: Upload, offset: int, part: bytes) -> None:
    if upload.size > LARGEST:
        raise PictureError(
            f"{upload.name} has {upload.size / _MIB:.0f} MiB, more than {LARGEST // _MIB}; "
            "make it smaller, or give its path to bench.keep(path)"
        )
    arrived = len(upload.content)
    if offset != arrived:
        raise PictureError(
            f"{upload.name} arrived incomplete (byte {offset} in place of byte {arrived}); "
            "drop it again"
        )
    if arrived + len(part) > upload.size:
        raise PictureError(
            f"{upload.name} is longer than the {upload.size} bytes announced; drop it again"
        )
