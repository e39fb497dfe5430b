"""Messages between two processes: JSON, each with its length before it; nothing is unpickled."""

import json
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">I")  # bytes of the message that follows
MOST_BYTES = 256 * 2**20  # of one message; a request of 64 MiB is the largest


class BrokenFrameError(Exception):
    """What was read is not a message; nothing more can be read from that pipe."""


class FrameWriter:
    """Writes messages to pipes on a thread of its own: whoever sends one never waits.

    What reads a pipe may be stuck, and a pipe holds little: what is sent after that waits for it.
    What nobody reads any more is dropped. A pipe for whose message there is no memory is closed:
    whoever reads it ends, and nobody waits for ever for what came of the message.

    Raises:
        RuntimeError: no thread can be started.
    """

    def __init__(self) -> None:
        self._messages: SimpleQueue[tuple[BinaryIO, Mapping[str, Any] | None] | None]
        self._messages = SimpleQueue()
        threading.Thread(target=self._write, name="medialab-sending", daemon=True).start()

    def send(self, pipe: BinaryIO, message: Mapping[str, Any]) -> None:
        """Write a message to a pipe after all others, and return at once."""
        self._messages.put((pipe, message))

    def close(self, pipe: BinaryIO) -> None:
        """Close a pipe once all is written, and return at once."""
        self._messages.put((pipe, None))

    def end(self) -> None:
        """End the thread once all is written, and return at once."""
        self._messages.put(None)

    def _write(self) -> None:
        while (given := self._messages.get()) is not None:
            pipe, message = given
            with suppress(OSError, ValueError):  # nobody reads it, or it is closed
                if message is None or not _is_written(pipe, message):
                    pipe.close()


def _is_written(pipe: BinaryIO, message: Mapping[str, Any]) -> bool:
    """Write a message, and return whether there was memory for that."""
    try:
        write_frame(pipe, message)
    except MemoryError:
        return False
    return True


def write_frame(pipe: BinaryIO, message: Mapping[str, Any]) -> None:
    """Write a message.

    Raises:
        OSError: nobody reads the pipe any more.
    """
    content = json.dumps(message).encode()
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> dict[str, Any] | None:
    """Wait for a message and return it; None once the other side has closed the pipe.

    Raises:
        BrokenFrameError: it is not a message, or it ends in the middle.
    """
    head = _read(pipe, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        message = f"a message of {length:,} bytes; at most {MOST_BYTES:,} are read"
        raise BrokenFrameError(message)
    content = _read(pipe, length)
    try:
        read = json.loads(content)
    except ValueError as error:
        message = f"a message that is not JSON ({error})"
        raise BrokenFrameError(message) from error
    if len(content) < length or not isinstance(read, dict):
        message = "a message that is not a JSON object"
        raise BrokenFrameError(message)
    return read


def _read(pipe: BinaryIO, count: int) -> bytes:
    """Read that many bytes, or none if the pipe is at its end.

    Raises:
        BrokenFrameError: it ends in between.
    """
    parts, left = [], count
    while left and (part := pipe.read(left)):
        parts.append(part)
        left -= len(part)
    if left and parts:
        message = f"the pipe ended {left:,} bytes before the end of a message"
        raise BrokenFrameError(message)
    return b"".join(parts)
