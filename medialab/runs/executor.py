"""Executors make the pictures of requests, in this kernel or anywhere else.

A workbench and its panels know an `Executor` only. `KernelExecutor` is the usual one; another may
send requests to other processes or machines: a `Request` is JSON, and events and runs become plain
values and paths with `medialab.runs.plain`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from medialab.process.events import Event
from medialab.process.jobs import Job, Listener, State, Unfinished
from medialab.process.queue import JobQueue
from medialab.runs.request import Request
from medialab.runs.run import Run

__all__ = ["Event", "Executor", "KernelExecutor", "RunJob", "wait_for"]


class RunJob(Protocol):
    """A request given to an executor: its state, its run, and the way to stop it.

    Attributes:
        name: the executor's name for it.
        label: a short text for a person.
        request: the request that it makes; None where the executor does not say.
        state: such as "queued" or "running".
        started: seconds of `time.monotonic`; None before.
        traceback: of the error that it failed with; "" otherwise.
    """

    name: str
    label: str
    request: Request | None
    state: State
    started: float | None
    traceback: str

    @property
    def seconds(self) -> float:
        """Seconds that it has run, or ran; 0 before."""

    def cancel(self, *, keep: bool = False) -> None:
        """Stop at the next step; a waiting job is removed at once. Any thread may call this.

        Args:
            keep: save the picture as far as it was made, as `Request.keeps_interrupted`.
        """

    def result(self, timeout: float | None = None) -> Run:
        """Wait (seconds; None for ever) and return the run, or raise the error it failed with."""

    def error(self, timeout: float | None = None) -> BaseException | None:
        """Wait likewise and return the error it failed with; None when it succeeded."""


@runtime_checkable
class Executor(Protocol):
    """An executor makes the pictures of requests, begins them in order, and reports with events.

    Jobs have names, by which they are cancelled and moved. Listeners get every event; those of one
    job come in order: "queued", "started", its steps, and at the end one of "done", "failed" and
    "cancelled", before `result` returns. Every executor must pass `tests/runs/test_executor.py`.
    """

    threads: int | None = None
    """CPU threads that it computes with where a request leaves them open; None for the usual."""
    stops_alike: bool = True
    """Whether waiting jobs are stopped when several in a row failed for the same reason."""
    can_pause: bool = False
    """Whether `pause` has an effect."""

    @property
    def at_once(self) -> int:
        """How many requests it makes at the same time."""
        return 1

    def submit(self, request: Request, *, label: str = "") -> RunJob:
        """Queue a request, and return its job at once.

        Raises:
            MediaLabError: the executor was closed.
        """
        ...

    def listen(self, listener: Listener) -> Callable[[], object]:
        """Call `listener` with every event from now on; return a function that ends that."""
        ...

    def jobs(self) -> Sequence[RunJob]:
        """Return the running jobs, then the waiting ones, in their order."""
        ...

    def cancel(self, name: str) -> None:
        """Cancel the job of that name; a job that has ended is left as it is."""
        ...

    def move(self, name: str, place: int) -> None:
        """Move a waiting job to a place among the waiting ones; 0 runs next."""
        ...

    def close(self) -> None:
        """Cancel everything and end the workers."""
        ...

    def find(self, name: str) -> RunJob | None:
        """Return the running or waiting job of that name."""
        return next((job for job in self.jobs() if job.name == name), None)

    def cancel_all(self) -> None:
        """Cancel all running and waiting jobs."""
        for job in reversed(self.jobs()):
            self.cancel(job.name)

    @property
    def stopped(self) -> Sequence[RunJob]:
        """The jobs that were not started because those before them failed for the same reason."""
        return ()

    def resume(self) -> Sequence[RunJob]:
        """Queue the stopped jobs again, in their order, and return the new jobs."""
        return ()

    def dismiss_stopped(self) -> None:
        """Forget the stopped jobs."""

    @property
    def is_paused(self) -> bool:
        """Whether no waiting job is started."""
        return False

    def pause(self) -> None:
        """Start no waiting job until `go_on`; the running one is not affected."""

    def go_on(self) -> None:
        """Start the waiting jobs again, after `pause`."""


class KernelExecutor(Executor):
    """An executor in this process: one request after another, on the worker of `queue`."""

    can_pause = True

    def __init__(
        self, make: Callable[[Request, Job[Run]], Run | Unfinished[Run]], queue: JobQueue
    ) -> None:
        self.queue = queue
        self._make = make

    @property
    def stops_alike(self) -> bool:
        """See `Executor`."""
        return self.queue.stops_alike

    @stops_alike.setter
    def stops_alike(self, stops: bool) -> None:
        self.queue.stops_alike = stops

    def submit(self, request: Request, *, label: str = "") -> Job[Run]:
        """See `Executor.submit`."""
        return self.queue.submit(partial(self._make, request), label=label, request=request)

    def listen(self, listener: Listener) -> Callable[[], object]:
        """See `Executor.listen`."""
        return self.queue.listen(listener)

    def jobs(self) -> list[Job[Run]]:
        """See `Executor.jobs`."""
        return self.queue.jobs()

    def cancel(self, name: str) -> None:
        """See `Executor.cancel`."""
        if (job := self.queue.find(name)) is not None:
            job.cancel()

    def move(self, name: str, place: int) -> None:
        """See `Executor.move`."""
        if (job := self.queue.find(name)) is not None:
            self.queue.move(job, place)

    def close(self) -> None:
        """See `Executor.close`; blocks until the running step is over."""
        self.queue.close()

    @property
    def stopped(self) -> list[Job[Run]]:
        """See `Executor.stopped`."""
        return self.queue.stopped

    def resume(self) -> list[Job[Run]]:
        """See `Executor.resume`."""
        return self.queue.resume()

    def dismiss_stopped(self) -> None:
        """See `Executor.dismiss_stopped`."""
        self.queue.dismiss_stopped()

    @property
    def is_paused(self) -> bool:
        """See `Executor`."""
        return self.queue.is_paused

    def pause(self) -> None:
        """See `Executor.pause`."""
        self.queue.pause()

    def go_on(self) -> None:
        """See `Executor.go_on`."""
        self.queue.go_on()


def wait_for(job: RunJob) -> Run:
    """Wait for the job's run and return it, or raise its error; Ctrl-C cancels the job."""
    try:
        return job.result()
    except KeyboardInterrupt:
        job.cancel()
        raise
