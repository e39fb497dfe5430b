"""The queue of jobs: one worker thread runs them one after another, and tells what happens.

Only the worker thread uses models. The queue knows no widget and no pipeline: a job's work is any
function that takes the job and calls `job.check()` now and then.
"""

import itertools
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from medialab.errors import QueueStoppedError, WorkbenchClosedError
from medialab.process.events import Event, Kind
from medialab.process.failures import MOST_ALIKE, attempted, drop_frames, not_begun, reason_of
from medialab.process.forks import Home
from medialab.process.jobs import Job, Listener, Unfinished

T = TypeVar("T")
_CHANGED = Event("queue", "")


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
        self._home = Home()
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
            WorkbenchClosedError: the queue is closed, or was made in another process.
            KeyboardInterrupt: as it came; the job is cancelled, since nobody would have it.
        """
        self._home.refuse_left()
        job: Job[T] = Job(f"job {next(self._numbers)}", work, self._emit, self._withdraw)
        job.label, job.request = label or job.name, request
        try:
            self._add(job)
            try:
                self._emit(Event("queued", job.name))
            finally:
                job.announced.set()
                self._take_turn(job)
            return job  # noqa: TRY300 - within, so that it is cancelled here, too
        except KeyboardInterrupt:
            job.announced.set()
            job.cancel()
            raise

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
        for job in self.jobs():  # their turns came while it was paused
            self._take_turn(job)
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
        In a forked process there is nothing to end.
        """
        if self._home.is_left:
            return
        with self._lock:
            self._closing.set()
        if self._waiter is not None:
            self._waiter.join()
        self.cancel_all()
        self._worker.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            ending = list(self._ending)
        for job in ending:
            job.error()

    def _add(self, job: Job[Any]) -> None:
        """Let a job wait.

        Raises:
            WorkbenchClosedError: the queue is closed.
        """
        with self._lock:
            if self._closing.is_set():
                message = "this workbench is closed; make a new one: bench = Workbench()"
                raise WorkbenchClosedError(message)
            self._waiting.append(job)

    def _take_turn(self, job: Job[Any]) -> None:
        """Let the worker run the first waiting job once it is free; if it ended, cancel this."""
        try:
            self._worker.submit(self._perform_next)
        except RuntimeError:  # since the job was added; or Python itself ends
            job.cancel()

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
        outcome = attempted(lambda: self._work_of(job))
        state, found, _ = outcome
        if state == "done" and isinstance(found, Unfinished):
            with self._lock:
                self._running = None
                self._ending.append(job)
            self.goes_on_elsewhere(job)
            found.rest.add_done_callback(lambda _: self._conclude(job, *attempted(found.result)))
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
                each.callback(self._stop, waiting, not_begun(waiting, job, why))
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
