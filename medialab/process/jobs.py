"""Background work: one worker thread, a queue of jobs, events, cancellation.

Only the worker thread uses models. The queue knows no widget and no pipeline: a job's work is any
function that takes the job and calls `job.check()` now and then.
"""

import itertools
import re
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from medialab.errors import CancelledError, QueueStoppedError, WorkbenchClosedError
from medialab.process.events import Event, Kind

T = TypeVar("T")
Listener = Callable[[Event], None]
State = Kind | Literal["running"]

# After this many jobs in a row fail with the same error, the waiting ones would fail too.
MOST_ALIKE = 3
# Paths and numbers in an error's text (a job's own file, the free memory) differ from job to job;
# errors that differ only in these count as the same.
_OF_ONE_JOB = re.compile(r"\S*[/\\]\S*|[0-9]+")
_CHANGED = Event("queue", "")


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


class JobQueue:
    """Runs jobs one after another on one worker thread.

    Listeners receive every event, on the worker thread ("queued", and "cancelled" of a waiting job,
    on the caller's thread; the last of an `Unfinished` job on that of its rest, when the next one
    may have begun); they must return quickly. If one raises, the running job fails. A job's last
    event precedes its result: whoever waits for the result finds it already shown.

    `pause` lets the running job go on and starts no other; jobs can be submitted meanwhile.

    After MOST_ALIKE jobs in a row fail with the same error, such as a full disk, the waiting jobs
    are cancelled with a `QueueStoppedError`; `resume` queues them again. With `stops_alike` False,
    every job is tried.

    Args:
        prepare: Runs on the worker before the first job. If it fails, it is tried again before the
            next job, which fails only if it fails again.
        idle: Seconds without a job after which `prepare` runs instead; earlier jobs run without it.
            0 runs it at once.
    """

    stops_alike = True

    def __init__(self, prepare: Callable[[], object] = lambda: None, *, idle: float = 0) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab")
        # Called on the worker with a job whose rest goes on elsewhere: the next one may begin now.
        self.goes_on_elsewhere: Callable[[Job[Any]], object] = lambda _job: None
        self._prepare = prepare
        self._prepared: Future[object] | None = None
        self._closing = threading.Event()
        self._paused = threading.Event()
        self._numbers = itertools.count(1)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()  # of those below; never held while a listener is called
        self._waiting: list[Job[Any]] = []
        self._running: Job[Any] | None = None
        self._ending: list[Job[Any]] = []  # those whose rest goes on elsewhere
        self._stopped: list[Job[Any]] = []
        self._failures: tuple[object, int] = (None, 0)  # the last error, how often in a row
        self._waiter: threading.Thread | None = None
        self._worker.submit(lambda: None)  # starts its thread, which ends with `close`
        if idle:
            self._waiter = threading.Thread(
                target=self._prepare_when_idle, args=(idle,), name="medialab-idle", daemon=True
            )
            self._waiter.start()
        else:
            self._prepared = self._worker.submit(prepare)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; return a function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(
        self, work: Callable[[Job[T]], T | Unfinished[T]], *, label: str = "", request: Any = None
    ) -> Job[T]:
        """Queue work as a new job, whose first event is "queued".

        Args:
            work: The function to run, given the job.
            label: A title for the user; by default the job's name.
            request: What was requested, for whoever lists the jobs.

        Raises:
            WorkbenchClosedError: the queue is closed.
        """
        if self._closing.is_set():
            message = "this workbench is closed; make a new one: bench = Workbench()"
            raise WorkbenchClosedError(message)
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
        """Return the running job, if there is one, then the waiting ones in order.

        A job whose rest goes on elsewhere runs, too, and comes first.
        """
        with self._lock:
            running = [self._running] if self._running else []
            return [*self._ending, *running, *self._waiting]

    def find(self, name: str) -> Job[Any] | None:
        """Return the running or waiting job of that name; None if there is none."""
        return next((job for job in self.jobs() if job.name == name), None)

    def move(self, job: Job[Any], place: int) -> None:
        """Move a waiting job to a position among those that wait, 0 for the next to run.

        A job that no longer waits is not affected.
        """
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
            self._waiting.insert(max(place, 0), job)
        self._emit(_CHANGED)

    @property
    def is_paused(self) -> bool:
        """Whether no waiting job is started."""
        return self._paused.is_set()

    def pause(self) -> None:
        """Start no waiting job until `go_on`; the running one is not affected."""
        self._paused.set()
        self._emit(_CHANGED)

    def go_on(self) -> None:
        """Start the waiting jobs again, after `pause`."""
        self._paused.clear()
        for _ in self.jobs():  # their turns came while it was paused
            self._worker.submit(self._perform_next)
        self._emit(_CHANGED)

    @property
    def stopped(self) -> list[Job[Any]]:
        """The jobs that were not started because those before them failed with the same error."""
        with self._lock:
            return list(self._stopped)

    def resume(self) -> list[Job[Any]]:
        """Queue the stopped jobs again, in order, as new ones; return these."""
        with self._lock:
            stopped, self._stopped = self._stopped, []
        again = [self.submit(job.work, label=job.label, request=job.request) for job in stopped]
        self._emit(_CHANGED)
        return again

    def dismiss_stopped(self) -> None:
        """Forget the stopped jobs."""
        with self._lock:
            self._stopped = []
        self._emit(_CHANGED)

    def cancel_all(self) -> None:
        """Cancel the running job and all waiting ones."""
        for job in reversed(self.jobs()):
            job.cancel()

    def close(self) -> None:
        """Cancel everything and end the worker.

        This blocks until the running step is over, and the rest of what was made before.
        """
        self._closing.set()
        if self._waiter is not None:
            self._waiter.join()
        self.cancel_all()
        self._worker.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            ending = list(self._ending)
        for job in ending:
            job.error()

    def _prepare_when_idle(self, seconds: float) -> None:
        """Run `prepare` on the worker, once there has been no job for that many seconds."""
        while not self._closing.wait(seconds):
            if not self.jobs():
                self._prepared = self._worker.submit(self._prepare)
                return

    def _ensure_prepared(self) -> None:
        """Run `prepare` again if it has failed; called on the worker, so it is not running."""
        if self._prepared is not None and self._prepared.exception() is not None:
            self._prepare()
            self._prepared = None

    def _emit(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)

    def _withdraw(self, job: Job[Any]) -> None:
        """Remove a cancelled job from the waiting ones."""
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        self._end(job, "cancelled", error=job.cancelled())

    def _perform_next(self) -> None:
        """Run the first waiting job, if there still is one; called on the worker."""
        with self._lock:
            if not self._waiting or self._paused.is_set():
                return
            job = self._running = self._waiting.pop(0)
        job.announced.wait()
        self._perform(job)

    def _perform(self, job: Job[Any]) -> None:
        """Run a job, up to what goes on elsewhere."""
        outcome = _attempted(lambda: self._work_of(job))
        state, found, _ = outcome
        if state == "done" and isinstance(found, Unfinished):
            with self._lock:
                self._running = None
                self._ending.append(job)
            self.goes_on_elsewhere(job)
            found.rest.add_done_callback(lambda _: self._conclude(job, *_attempted(found.result)))
            return
        self._conclude(job, *outcome)

    def _work_of(self, job: Job[T]) -> T | Unfinished[T]:
        self._ensure_prepared()
        job.check()
        job.state, job.started = "running", time.monotonic()
        self._emit(Event("started", job.name))
        return job.work(job)

    def _conclude(
        self, job: Job[Any], state: Kind, result: Any, error: BaseException | None
    ) -> None:
        """End a job whose work is done, and those that wait if they would fail likewise."""
        stopped = self._count(error if state == "failed" else None, counts=state != "cancelled")
        with self._lock:
            if job in self._ending:
                self._ending.remove(job)
            else:
                self._running = None
        why = str(error)
        with ExitStack() as each:  # so that all jobs end even if a listener raises
            for waiting in reversed(stopped):
                each.callback(self._stop, waiting, _not_begun(waiting, job, why))
            self._end(job, state, result, error)

    def _stop(self, job: Job[Any], why: QueueStoppedError) -> None:
        """End a job that was not started, once all listeners have received its "queued"."""
        job.announced.wait()
        self._end(job, "cancelled", error=why)

    def _count(self, failure: BaseException | None, *, counts: bool) -> list[Job[Any]]:
        """Count equal failures in a row; after too many, remove and return the waiting jobs."""
        if not counts:
            return []
        with self._lock:
            kind = None if failure is None else reason_of(failure)
            times = 1 + (self._failures[1] if kind == self._failures[0] else 0)
            self._failures = kind, times
            if not self._waiting:
                self._failures = None, 0  # later jobs are counted afresh
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
        """Send a job's last event, then set its result."""
        if error is not None:
            job.traceback = "".join(traceback.format_exception(error))
            drop_frames(error)
        job.state, job.ended = state, time.monotonic()
        try:
            self._emit(Event(state, job.name, result=result, error=error))
        finally:
            job.settle(result, error)


def _attempted(work: Callable[[], T]) -> tuple[Kind, T | None, BaseException | None]:
    """Do a job's work: the only place in the core where errors of any kind are caught."""
    try:
        return "done", work(), None
    except CancelledError as cancelled:
        return "cancelled", None, cancelled
    except Exception as failure:  # noqa: BLE001 - the job shows it, and the queue goes on
        return "failed", None, failure


def reason_of(error: BaseException) -> tuple[type, str]:
    """Return what two errors have in common that came of the same cause."""
    return type(error), _OF_ONE_JOB.sub("", str(error))


def _not_begun(job: Job[Any], failed: Job[Any], why: str) -> QueueStoppedError:
    return QueueStoppedError(
        f"{job.name} was not started: {failed.name} and the {MOST_ALIKE - 1} before it failed "
        f"for the same reason ({why}); fix it, then run this again"
    )


def drop_frames(error: BaseException | None) -> None:
    """Release the frames that an error keeps alive, which hold every tensor of the failed run."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        if isinstance(error, AttributeError):
            error.obj = None
        error = error.__cause__ or error.__context__
