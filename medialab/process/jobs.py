"""Work in the background: one worker thread, a queue of jobs, events, cancelling.

Nothing else touches a model. The queue knows no widget and no pipeline: a job is any function
that takes the job and now and then asks `job.check()`.
"""

import itertools
import re
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Generic, Literal, TypeVar

from medialab.errors import CancelledError, MediaLabError, QueueStoppedError
from medialab.process.events import Event, Kind

T = TypeVar("T")
Listener = Callable[[Event], None]
State = Kind | Literal["running"]

# Jobs that fail one after another of the same: after so many, those that wait would do so, too.
MOST_ALIKE = 3
# In an error's text, a path names a job's own file, and numbers (such as how much memory is free)
# differ from job to job; neither makes another error of it.
_OF_ONE_JOB = re.compile(r"\S*[/\\]\S*|[0-9]+")


class Job(Generic[T]):
    """One piece of work: its state, its result, and the way to stop it.

    `label` is what a person calls it, `request` what was asked for; the queue looks at neither.
    `started` and `ended` are seconds of `time.monotonic`, None before.
    """

    def __init__(
        self,
        name: str,
        work: "Callable[[Job[T]], T]",
        emit: Listener,
        withdraw: "Callable[[Job[Any]], None]",
    ) -> None:
        self.name = name
        self.work = work
        self.emit = emit
        self.label = name
        self.request: Any = None
        self.traceback = ""
        self.state: State = "queued"
        self.started: float | None = None
        self.ended: float | None = None
        # The queue runs it only when everybody was told of it.
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

    def cancel(self) -> None:
        """Stop at the next step; one that waits leaves the queue at once. From any thread."""
        self._stop.set()
        self._withdraw(self)

    def check(self) -> None:
        """Raise `CancelledError` if somebody cancelled this job."""
        if self._stop.is_set():
            raise self.cancelled()

    def cancelled(self) -> CancelledError:
        """What whoever waits for a cancelled job gets to hear."""
        return CancelledError(
            f"{self.name} was cancelled; nothing of the unfinished picture is kept"
        )

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

    With `idle` seconds it does so when nothing was to be done for so long; jobs that come before do
    without it. A preparation that failed is tried again before the next job, which fails of it only
    if it fails again.

    Listeners get every event, on the worker thread (and "queued", and "cancelled" of a job that
    waited, on the caller's); they must return quickly. One that raises fails a job that runs. The
    last event of a job comes before its result is handed out: who waits for the result finds it
    shown already.

    When MOST_ALIKE jobs after another fail of the same, such as a full disk, those that wait are
    cancelled with a `QueueStoppedError`; `resume` queues them again. `stops_alike` False lets every
    job have its try.
    """

    stops_alike = True

    def __init__(self, prepare: Callable[[], object] = lambda: None, *, idle: float = 0) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab")
        self._prepare = prepare
        self._prepared: Future[object] | None = None
        self._closing = threading.Event()
        self._numbers = itertools.count(1)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()  # of those below; never held while a listener is called
        self._waiting: list[Job[Any]] = []
        self._running: Job[Any] | None = None
        self._stopped: list[Job[Any]] = []
        self._failures: tuple[object, int] = (None, 0)  # what failed last, how often in a row
        self._waiter: threading.Thread | None = None
        self._worker.submit(lambda: None)  # its thread begins here, and ends with `close`
        if idle:
            self._waiter = threading.Thread(
                target=self._prepare_when_idle, args=(idle,), name="medialab-idle", daemon=True
            )
            self._waiter.start()
        else:
            self._prepared = self._worker.submit(prepare)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(
        self, work: Callable[[Job[T]], T], *, label: str = "", request: Any = None
    ) -> Job[T]:
        """Queue the work. Its events start with "queued".

        Raises:
            MediaLabError: the queue was closed.
        """
        if self._closing.is_set():
            message = "this workbench is closed; make a new one: bench = Workbench()"
            raise MediaLabError(message)
        job: Job[T] = Job(f"job {next(self._numbers)}", work, self._emit, self._withdraw)
        job.label, job.request = label or job.name, request
        with self._lock:
            self._waiting.append(job)
        try:
            self._emit(Event("queued", job.name))
        finally:
            job.announced.set()
            self._worker.submit(self._perform_next)
        return job

    def jobs(self) -> list[Job[Any]]:
        """The job that runs, if one does, then those that wait, in their order."""
        with self._lock:
            return [*([self._running] if self._running else []), *self._waiting]

    def find(self, name: str) -> Job[Any] | None:
        """The running or waiting job of that name."""
        return next((job for job in self.jobs() if job.name == name), None)

    def move(self, job: Job[Any], place: int) -> None:
        """Put a waiting job at a place among those that wait, 0 for the next to run.

        Nothing happens to one that does not wait any more.
        """
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
                self._waiting.insert(max(place, 0), job)

    @property
    def stopped(self) -> list[Job[Any]]:
        """The jobs that were not begun, since those before them failed of the same."""
        with self._lock:
            return list(self._stopped)

    def resume(self) -> list[Job[Any]]:
        """Queue the stopped jobs again, in their order, as new ones; returns those."""
        with self._lock:
            stopped, self._stopped = self._stopped, []
        return [self.submit(job.work, label=job.label, request=job.request) for job in stopped]

    def dismiss_stopped(self) -> None:
        """Forget the stopped jobs."""
        with self._lock:
            self._stopped = []

    def cancel_all(self) -> None:
        """Cancel the running job and all that wait."""
        for job in reversed(self.jobs()):
            job.cancel()

    def close(self) -> None:
        """Cancel everything and end the worker; blocks until the running step is over."""
        self._closing.set()
        if self._waiter is not None:
            self._waiter.join()
        self.cancel_all()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _prepare_when_idle(self, seconds: float) -> None:
        """Prepare on the worker, once nothing was to be done for so long."""
        while not self._closing.wait(seconds):
            if not self.jobs():
                self._prepared = self._worker.submit(self._prepare)
                return

    def _ensure_prepared(self) -> None:
        """On the worker, where a preparation that began is done by now: again if it failed."""
        if self._prepared is not None and self._prepared.exception() is not None:
            self._prepare()
            self._prepared = None

    def _emit(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)

    def _withdraw(self, job: Job[Any]) -> None:
        """Take a cancelled job out of those that wait."""
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        self._end(job, "cancelled", error=job.cancelled())

    def _perform_next(self) -> None:
        """On the worker: the first of those that wait, if none of them was withdrawn since."""
        with self._lock:
            if not self._waiting:
                return
            job = self._running = self._waiting.pop(0)
        job.announced.wait()
        self._perform(job)

    def _perform(self, job: Job[Any]) -> None:
        """The stage runner: the one place of the core where any error is caught."""
        state: Kind = "done"
        result: Any = None
        error: BaseException | None = None
        try:
            self._ensure_prepared()
            job.check()
            job.state, job.started = "running", time.monotonic()
            self._emit(Event("started", job.name))
            result = job.work(job)
        except CancelledError as cancelled:
            state, error = "cancelled", cancelled
        except Exception as failure:  # noqa: BLE001 - the job shows it, and the queue goes on
            state, error = "failed", failure
        stopped = self._count(error if state == "failed" else None, counts=state != "cancelled")
        with self._lock:
            self._running = None
        why = str(error)
        with ExitStack() as each:  # a listener that raises keeps nobody waiting
            for waiting in reversed(stopped):
                each.callback(self._stop, waiting, _not_begun(waiting, job, why))
            self._end(job, state, result, error)

    def _stop(self, job: Job[Any], why: QueueStoppedError) -> None:
        """End a job that is not begun, when everybody was told that it waits."""
        job.announced.wait()
        self._end(job, "cancelled", error=why)

    def _count(self, failure: BaseException | None, *, counts: bool) -> list[Job[Any]]:
        """Count failures that are alike; take those that wait out when there are too many."""
        if not counts:
            return []
        with self._lock:
            kind = None if failure is None else (type(failure), _OF_ONE_JOB.sub("", str(failure)))
            times = 1 + (self._failures[1] if kind == self._failures[0] else 0)
            self._failures = kind, times
            if not self._waiting:
                self._failures = None, 0  # what comes later is another queue
            if kind is None or times < MOST_ALIKE or not self.stops_alike:
                return []
            stopped, self._waiting = self._waiting, []
            self._stopped += stopped
            self._failures = None, 0
        return stopped

    def _end(
        self,
        job: Job[Any],
        state: Kind,
        result: Any = None,
        error: BaseException | None = None,
    ) -> None:
        """Tell of a job's end, then hand its result out."""
        if error is not None:
            job.traceback = "".join(traceback.format_exception(error))
            _drop_frames(error)
        job.state, job.ended = state, time.monotonic()
        try:
            self._emit(Event(state, job.name, result=result, error=error))
        finally:
            job.settle(result, error)


def _not_begun(job: Job[Any], failed: Job[Any], why: str) -> QueueStoppedError:
    return QueueStoppedError(
        f"{job.name} was not started: {failed.name} and the {MOST_ALIKE - 1} before it failed "
        f"for the same reason ({why}); fix it, then run this again"
    )


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
