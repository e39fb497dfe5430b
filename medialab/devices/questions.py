"""Questions to the processes of devices, which know what this process does not load to find out."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from typing import Any

from medialab.devices.device import Device
from medialab.errors import MediaLabError, WorkerEndedError
from medialab.runs.plain import error_from_plain

_LOOK = 0.05  # seconds between two looks for a process that is ready
_MOST_DEATHS = 3  # of processes that were asked the same

Answer = Mapping[str, Any]


class Questions:
    """Asks a process of a device, one that has little to do, and waits for its answer.

    Args:
        devices: The devices.
        refuse_closed: Raises if nobody is to be asked any more.
    """

    def __init__(self, devices: Sequence[Device], refuse_closed: Callable[[], object]) -> None:
        self._devices, self._refuse_closed = devices, refuse_closed
        self._lock = threading.Lock()  # of those below
        self._numbers = count(1)
        self._open: dict[int, tuple[Device, Future[Answer]]] = {}

    def ask(self, question: Mapping[str, Any]) -> Answer:
        """Return the answer to a question; waits for a process, and for the answer.

        Raises:
            MediaLabError: the one that is the answer.
            WorkerEndedError: no process starts, or three died of it.
            WorkbenchClosedError: the processes end.
        """
        for left in reversed(range(_MOST_DEATHS)):
            device, number = self._ready(), next(self._numbers)
            answer: Future[Answer] = Future()
            with self._lock:
                self._open[number] = device, answer
            if not device.process.send({"ask": number, **question}):
                self.fail(device, WorkerEndedError("the process that was asked has just ended"))
            try:
                return answer.result()
            except WorkerEndedError:
                if not left:
                    raise
        raise AssertionError  # the last one returned, or raised

    def answer(self, message: Mapping[str, Any]) -> None:
        """Take a process's answer."""
        with self._lock:
            found = self._open.pop(message["answer"], None)
        if found is None:
            return
        _, asked = found
        if "error" in message:
            asked.set_exception(error_from_plain(message["error"]))
        else:
            asked.set_result(message)

    def fail(self, device: Device, error: MediaLabError) -> None:
        """Let those go on that wait for an answer of a device whose process died."""
        with self._lock:
            lost = [number for number, (asked, _) in self._open.items() if asked is device]
            futures = [self._open.pop(number)[1] for number in lost]
        for one in futures:
            one.set_exception(error)

    def _ready(self) -> Device:
        """Wait for a device whose process takes questions; if none does, each is started in turn.

        Raises:
            WorkerEndedError: no process starts.
            WorkbenchClosedError: the processes end.
        """
        started: list[Device] = []
        while True:
            self._refuse_closed()
            if ready := [one for one in self._devices if one.process.is_ready]:
                return min(ready, key=lambda one: len(one.jobs))
            errors = [error for one in started if (error := one.process.error) is not None]
            if len(errors) == len(started):
                if len(started) == len(self._devices):
                    raise errors[-1]
                started.append(self._devices[len(started)])
                started[-1].start()
            time.sleep(_LOOK)
