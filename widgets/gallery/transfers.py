"""Files for the browser, sent a part at a time whenever it asks for the next."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from medialab.errors import MediaLabError
from widgets.messages import text_of

_MOST_OPEN = 4  # files on their way; the oldest is given up for another


@dataclass(frozen=True)
class Parcel:
    """A file for the browser: name, MIME type, parts, and size in bytes; 0 if it is not known."""

    name: str
    type: str
    parts: Iterator[bytes]
    size: int = 0


class Transfers:
    """The files that are being sent.

    Args:
        send: sends a message and bytes to the browser.
    """

    def __init__(self, send: Callable[[dict[str, Any], list[bytes]], object]) -> None:
        self._send = send
        self._open: dict[int, Iterator[bytes]] = {}

    def begin(self, number: int, make: Callable[[], Parcel]) -> None:
        """Send the first part of a file under a number of the browser's.

        Args:
            number: the number.
            make: returns the file; its error is sent in place of a part.
        """
        try:
            parcel = make()
        except (MediaLabError, OSError) as error:
            self._fail(number, error)
            return
        while len(self._open) >= _MOST_OPEN:
            self.drop(next(iter(self._open)))
        self._open[number] = parcel.parts
        self.go_on(number, name=parcel.name, type=parcel.type, size=parcel.size)

    def go_on(self, number: int, **first: Any) -> None:
        """Send the next part; an empty one is the last."""
        parts = self._open.get(number)
        try:
            part = b"" if parts is None else next(filter(None, parts), b"")
        except (MediaLabError, OSError) as error:
            self.drop(number)
            self._fail(number, error)
            return
        if not part:
            self.drop(number)
        self._send({"kind": "part", "number": number, "is_last": not part, **first}, [part])

    def drop(self, number: int) -> None:
        """Give a file up."""
        self._open.pop(number, None)

    def _fail(self, number: int, error: Exception) -> None:
        self._send({"kind": "failed", "number": number, "text": text_of(error)}, [])
