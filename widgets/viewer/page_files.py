"""The files that the pages with a viewer have: pictures, preview, mask.

They are no traits: after a reload JupyterLab waits four seconds for the state of all widgets, and
17 MB of picture in it made every widget fail. A page asks for them instead.
"""

from collections.abc import Callable, Mapping
from typing import Any

# `left` and `right` are compared; without a `right`, `left` is compared with `image`.
NAMES = ("image", "left", "right", "preview", "mask")


class PageFiles:
    """The content of each file; b"" for a missing one.

    Args:
        send: sends a message and the bytes that belong to it to every page.
    """

    def __init__(self, send: Callable[[dict[str, Any], list[bytes]], object]) -> None:
        self._send = send
        self._files = dict.fromkeys(NAMES, b"")
        # The page that painted the mask; it may have newer strokes than the mask sent back to it.
        self.mask_by = ""
        self._is_seen = False  # nothing is sent until a page has opened

    def __getitem__(self, name: str) -> bytes:
        return self._files[name]

    def put(self, files: Mapping[str, bytes]) -> None:
        """Store these files, and send those that have changed to every page."""
        changed = {name: file for name, file in files.items() if file != self._files[name]}
        self._files.update(changed)
        if self._is_seen and changed:
            self._send_all(changed)

    def clear(self) -> None:
        """Remove every file."""
        self.mask_by = ""
        self.put(dict.fromkeys(NAMES, b""))

    def greet(self) -> None:
        """Send every file, since a page has opened."""
        self._is_seen = True
        self._send_all(self._files)

    def _send_all(self, files: Mapping[str, bytes]) -> None:
        message = {"kind": "files", "names": list(files), "mask_by": self.mask_by}
        self._send(message, list(files.values()))
