"""Uploads from the browser, joined from their parts.

A Jupyter server silently drops messages above 10 MiB (tornado's websocket_max_message_size), so
the browser sends parts of 4 MiB and waits for the answer to each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from medialab.errors import PictureError

LARGEST = 200 * 2**20  # bytes; a 64-megapixel PNG is about 190 MB
# Uploads in progress at once. A page closed during an upload does not report it, so the oldest
# upload is discarded when a newer one needs its place.
_MOST_OPEN = 4
_MIB = 2**20


@dataclass
class Upload:
    """One file: its purpose, name, size in bytes, and the content received so far."""

    purpose: str
    name: str
    size: int
    content: bytearray = field(default_factory=bytearray)

    @property
    def is_complete(self) -> bool:
        """Whether the whole file has been received."""
        return len(self.content) == self.size


class Uploads:
    """The uploads in progress."""

    def __init__(self) -> None:
        self._open: dict[str, Upload] = {}

    def __len__(self) -> int:
        return len(self._open)

    def take(self, message: Mapping[str, Any], part: bytes) -> Upload:
        """Add a part to its upload and return the upload; a complete one is then removed.

        Args:
            message: `upload` (an id), `purpose`, `name`, the file's `size` in bytes, and the
                part's `offset` in bytes.
            part: the part's content.

        Raises:
            PictureError: the file is too large, or a part is missing or unexpected; the upload is
                discarded and has to be sent again.
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
        """Discard an upload."""
        self._open.pop(key, None)


def _begin(message: Mapping[str, Any]) -> Upload:
    # The name alone, never a path.
    name = PurePosixPath(str(message["name"]).replace("\\", "/")).name
    return Upload(str(message["purpose"]), name, int(message["size"]))


def _check(upload: Upload, offset: int, part: bytes) -> None:
    if upload.size > LARGEST:
        raise PictureError(
            f"{upload.name} has {upload.size / _MIB:.0f} MiB, more than {LARGEST // _MIB}; "
            "make it smaller"
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
