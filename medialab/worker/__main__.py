"""Make the pictures of another process's requests.

Messages come on standard input and go to standard output (`frames`); `process` starts this by
`start`, and says what they are. The first one names the folders, so that no command line holds
anything.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from medialab.devices.frames import read_frame, write_frame
from medialab.process import threads
from medialab.workbench import Workbench
from medialab.worker.tasks import Tasks


class Speaker:
    """Writes messages for the other process, one at a time, from any thread."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any]) -> None:
        """Write a message; one that nobody reads any more is dropped."""
        with self._lock, suppress(OSError):
            write_frame(self._pipe, message)


def main(be_ready: Callable[[], object]) -> None:
    """Work until the other process closes the pipe or ends.

    Args:
        be_ready: Called once all is imported: the end of the pipe then waits for what is made.
    """
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # whatever a library prints is no message
    speaker = Speaker(outgoing)
    begin = read_frame(incoming)
    if begin is None:
        return
    models = [Path(one) for one in begin["models"]]
    with Workbench(models, begin["outputs"], begin["device"]) as bench:
        # The other process knows what waits; a person's studio shall not be offered it.
        bench.waiting.close()
        bench.executor.stops_alike = False  # one client's failures must not stop another's jobs
        tasks = Tasks(bench, speaker.say, Path(begin["unsaved"]))
        threads.preload()
        be_ready()
        speaker.say({"device": bench.device})
        while (message := read_frame(incoming)) is not None:
            tasks.take(message)
        tasks.close()
