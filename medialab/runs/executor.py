"""The seam between who asks for pictures and who makes them: this kernel, or anything else.

A workbench and its panels know an `Executor` only. `KernelExecutor` is the usual one; another may
send requests to other processes or machines: a `Request` is JSON, and events and runs become plain
values and paths with `medialab.runs.plain`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from medialab.process.events import Event
from medialab.process.jobs import Job, JobQueue, Listener, State
from medialab.runs.request import Request
from medialab.runs.run import Run

__all__ = ["Event", "Executor", "KernelExecutor", "RunJob"]


class RunJob(Protocol):
    """A request that an executor was given: its state, its run, and the way to stop it.

    `traceback` tells where it failed, and is "" otherwise. `started` is seconds of
    `time.monotonic`, None before.
    """

    name: str
    label: str
    request: Request | None
    state: State
    started: float | None
    traceback: str

    @property
    def seconds(self) -> float:
        """How long it has run, or ran; 0 before."""

    def cancel(self) -> None:
        """Stop at the next step; one that waits leaves at once. From any thread."""

    def result(self, timeout: float | None = None) -> Run:
        """Wait (seconds; None for ever) and return the run, or raise the error it failed with."""

    def error(self, timeout: float | None = None) -> BaseException | None:
        """Wait likewise and return the error it failed with; None when it is done."""


@runtime_checkable
class Executor(Protocol):
    """Makes the pictures of requests, in their order, and tells of it with events.

    Jobs have names, by which they are cancelled and moved. Listeners get every event; of one job
    they come in order: "queued", "started", what happens, and one of "done", "failed" and
    "cancelled" at the end, which comes before the run is handed out. `tests/runs/test_executors.py`
    is what every executor must pass.
    """

    takes_resolved: bool = False
    """Whether requests must be resolved before they are given to it: others cannot draw a seed."""
    stops_alike: bool = True
    """Whether waiting jobs are stopped when several in a row failed for the same reason."""

    def submit(self, request: Request, *, label: str = "") -> RunJob:
        """Take a request, and return its job at once.

        Raises:
            MediaLabError: the executor was closed.
        """
        ...

    def listen(self, listener: Listener) -> Callable[[], object]:
        """Call `listener` with every event from now on; return what ends that."""
        ...

    def jobs(self) -> Sequence[RunJob]:
        """Return the jobs that run, then those that wait, in their order."""
        ...

    def cancel(self, name: str) -> None:
        """Cancel the job of that name; nothing happens to one that has ended."""
        ...

    def move(self, name: str, place: int) -> None:
        """Put a waiting job at a place among those that wait, 0 for the next to run."""
        ...

    def close(self) -> None:
        """Cancel everything and let go of the workers."""
        ...

    def find(self, name: str) -> RunJob | None:
        """Return the running or waiting job of that name."""
        return next((job for job in self.jobs() if job.name == name), None)

    def cancel_all(self) -> None:
        """Cancel the running jobs and all that wait."""
        for job in reversed(self.jobs()):
            self.cancel(job.name)

    @property
    def stopped(self) -> Sequence[RunJob]:
        """The jobs that were not begun, since those before them failed for the same reason."""
        return ()

    def resume(self) -> Sequence[RunJob]:
        """Take the stopped jobs again, in their order, as new ones; return those."""
        return ()

    def dismiss_stopped(self) -> None:
        """Forget the stopped jobs."""


class KernelExecutor(Executor):
    """Makes pictures in this process, one request after another, on the worker of `queue`."""

    def __init__(self, make: Callable[[Request, Job[Run]], Run], queue: JobQueue) -> None:
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
