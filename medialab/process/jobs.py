"""A job of the background: its work, its state, its result, and its cancellation."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from medialab.errors import CancelledError
from medialab.process.events import Event, Kind

T = TypeVar("T")
Listener = Callable[[Event], None]
State = Kind | Literal["running"]


@dataclass(frozen=True)
class Unfinished(Generic[T]):
    """A job's work whose rest goes on elsewhere: the next job may begin meanwhile.

    Attributes:
        rest: Is done when the rest is; its own error and result do not count.
        result: Returns the job's result then, or raises its error.
    """

    rest: "Future[Any]"
    result: Callable[[], T]


class Job(Generic[T]):
    """One job: its state, its result, and its cancellation.

    Attributes:
        name: Unique in its queue.
        label: A title for the user; the queue does not use it.
        request: What was requested; the queue does not use it.
        state: "queued", "running", or how it ended.
        started: Seconds of `time.monotonic`; None before.
        ended: Seconds of `time.monotonic`; None before.
        traceback: The traceback of a job that failed.
        keeps_unfinished: Whether it was cancelled with `keep`.
    """

    def __init__(
        self,
        name: str,
        work: "Callable[[Job[T]], T | Unfinished[T]]",
        emit: Listener,
        withdraw: "Callable[[Job[Any]], None]",
    ) -> None:
        self.name = name
        self.work = work
        self.emit = emit
        self.label = name
        self.request: Any = None
        self.traceback = ""
        self.keeps_unfinished = False
        self.state: State = "queued"
        self.started: float | None = None
        self.ended: float | None = None
        # The queue runs it only after all listeners have received "queued".
        self.announced = threading.Event()
        self._withdraw = withdraw
        self._stop = threading.Event()
        self._future: Future[T] = Future()

    @property
    def seconds(self) -> float:
        """How long it has run, or ran; 0 before."""
        if self.started is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.started

    def cancel(self, *, keep: bool = False) -> None:
        """Stop the job at its next step; a waiting one leaves the queue at once. Thread-safe.

        Args:
            keep: Ask the work to keep what is there; it is up to the work what that means.
        """
        self.keeps_unfinished = self.keeps_unfinished or keep
        self._stop.set()
        self._withdraw(self)

    def check(self) -> None:
        """Raise `CancelledError` if the job was cancelled."""
        if self._stop.is_set():
            raise self.cancelled()

    def cancelled(self) -> CancelledError:
        """Return the error of a cancelled job."""
        return CancelledError(f"{self.name} was cancelled; the unfinished picture is discarded")

    def result(self, timeout: float | None = None) -> T:
        """Wait (seconds; None for ever) and return what the work returned, or raise its error."""
        return self._future.result(timeout)

    def error(self, timeout: float | None = None) -> BaseException | None:
        """Wait likewise, and return the error that the work failed with; None if it succeeded."""
        return self._future.exception(timeout)

    def settle(self, result: T | None, error: BaseException | None) -> None:
        """Set the result or the error, for whoever waits; called once, by the queue."""
        if error is None:
            self._future.set_result(result)  # type: ignore[arg-type]  # None only for work of None
        else:
            self._future.set_exception(error)
