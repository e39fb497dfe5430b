"""Work in the background: one worker thread, a queue of jobs, events, cancelling.

Nothing else touches a model. The queue knows no widget and no pipeline: a job is any function
that takes the job and now and then asks `job.check()`.
"""

import itertools
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Literal, TypeVar

from medialab.errors import CancelledError, MediaLabError
from medialab.events import Event, Kind

T = TypeVar("T")
Listener = Callable[[Event], None]


class Job(Generic[T]):
    """One piece of work: its state, its result, and the way to stop it."""

    def __init__(self, name: str, emit: Listener) -> None:
        self.name = name
        self.emit = emit
        self.traceback = ""
        self.state: Kind | Literal["running"] = "queued"
        self._stop = threading.Event()
        self._future: Future[T] = Future()

    def cancel(self) -> None:
        """Stop at the next step, or before the first when its turn comes. From any thread."""
        self._stop.set()

    def check(self) -> None:
        """Raise `CancelledError` if somebody cancelled this job."""
        if self._stop.is_set():
            message = f"{self.name} was cancelled; nothing of the unfinished picture is kept"
            raise CancelledError(message)

    def result(self, timeout: float | None = None) -> T:
        """Wait (seconds; None for ever) and return what the work returned, or raise its error."""
        return self._future.result(timeout)

    def error(self, timeout: float | None = None) -> BaseException | None:
        """Wait likewise and return what the work failed of; None when it is done."""
        return self._future.exception(timeout)

    def settle(self, result: T | None, error: BaseException | None) -> None:
        """Let everybody who waits for the result go on; called once, by the queue."""
        if error is None:
            self._future.set_result(result)  # type: ignore[arg-type]  # None only for work of None
        else:
            self._future.set_exception(error)


class JobQueue:
    """Runs jobs one after another on one worker thread, which first runs `prepare`.

    Listeners get every event, on the worker thread (and "queued" on the submitter's); they must
    return quickly. One that raises fails a job that runs. The last event of a job comes before its
    result is handed out: who waits for the result finds it shown already.
    """

    def __init__(self, prepare: Callable[[], object] = lambda: None) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab")
        self._prepared = self._worker.submit(prepare)
        self._numbers = itertools.count(1)
        self._listeners: list[Listener] = []
        self._waiting: list[Job[Any]] = []
        self._closed = False

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(self, work: Callable[[Job[T]], T]) -> Job[T]:
        """Queue the work. Its events start with "queued".

        Raises:
            MediaLabError: the queue was closed.
        """
        if self._closed:
            message = "this workbench is closed; make a new one: bench = Workbench()"
            raise MediaLabError(message)
        job: Job[T] = Job(f"job {next(self._numbers)}", self._emit)
        self._emit(Event("queued", job.name))
        self._waiting.append(job)
        self._worker.submit(self._perform, job, work)
        return job

    def cancel_all(self) -> None:
        """Cancel the running job and all that wait."""
        for job in list(self._waiting):
            job.cancel()

    def close(self) -> None:
        """Cancel everything and end the worker; blocks until the running step is over."""
        self._closed = True
        self.cancel_all()
        self._worker.shutdown(wait=True)

    def _emit(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)

    def _perform(self, job: Job[T], work: Callable[[Job[T]], T]) -> None:
        """The stage runner: the one place of the core where any error is caught."""
        state: Kind = "done"
        result: T | None = None
        error: BaseException | None = None
        try:
            self._prepared.result()
            job.check()
            job.state = "running"
            self._emit(Event("started", job.name))
            result = work(job)
        except CancelledError as cancelled:
            state, error = "cancelled", cancelled
        except Exception as failure:  # noqa: BLE001 - the job shows it, and the queue goes on
            state, error = "failed", failure
        if error is not None:
            job.traceback = "".join(traceback.format_exception(error))
            _drop_frames(error)
        self._waiting.remove(job)
        job.state = state
        try:
            self._emit(Event(state, job.name, result=result, error=error))
        finally:
            job.settle(result, error)


def _drop_frames(error: BaseException | None) -> None:
    """Let go of what an error keeps alive: its frames hold every tensor of the failed run."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        if isinstance(error, AttributeError):
            error.obj = None
        error = error.__cause__ or error.__context__
