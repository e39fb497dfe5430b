"""The batches of a server's clients: each is made of pictures that all devices share.

What is missing of a batch is found in this process, and noted in its journal; a device's process is
asked to complete each request. Each picture is a job of the devices, and so is what is measured of
them at the end. A process that dies takes one picture along, which another makes again.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from medialab.api.bench_of_batch import BenchOfBatch, MeasuredElsewhere
from medialab.artifacts import Artifact
from medialab.batch.batch import Batch
from medialab.batch.running import BatchRun
from medialab.devices.defects import note_error
from medialab.devices.executor import DevicesExecutor
from medialab.devices.jobs import Job, cancelled_before
from medialab.errors import ArtifactError, MediaLabError
from medialab.process.events import Event
from medialab.process.jobs import State
from medialab.runs.plain import error_as_plain, picture_as_plain
from medialab.workbench import Workbench

_ENDS: Mapping[str, State] = {"done": "done", "stopped": "cancelled", "failed": "failed"}
_TOLD = frozenset({"stage", "step", "stage done"})  # of a row's picture


class Batches:
    """Makes the batches that clients ask for, as many at a time as there are devices.

    Clients take turns. Of one batch that is asked for twice, the second job waits for the first,
    and makes what that left.

    Args:
        bench: The server's workbench.
        executor: Makes their pictures.
    """

    def __init__(self, bench: Workbench, executor: DevicesExecutor) -> None:
        self._bench, self._executor = bench, executor
        self._queue = executor.queue
        self._running: dict[Job, _Making] = {}  # the queue's lock is held for each change

    def submit(self, name: str, *, rows: int, owner: str) -> Job:
        """Queue what is missing of a batch that was begun.

        Args:
            name: The batch's.
            rows: How many it has.
            owner: The client that asks for it.

        Raises:
            TooManyJobsError: the client has too many jobs waiting.
            WorkbenchClosedError: the server ends.
        """
        job = Job("batch", owner, name, batch=name, cancel=self._cancel)
        job.rows = {"rows": rows, "done": 0, "failed": 0}
        self._queue.add(job)
        job.is_announced = True
        self._give()
        return job

    def jobs(self) -> list[Job]:
        """Return the jobs of batches: those that run, then those that wait."""
        with self._queue.lock:
            waiting = [job for job in self._queue.waiting if job.kind == "batch"]
            return [*self._running, *waiting]

    def cancel_all(self) -> None:
        """Cancel those that run and those that wait, and return at once."""
        for job in reversed(self.jobs()):
            job.cancel()

    def wait(self) -> None:
        """Wait until no batch runs any more: then nothing is written by any."""
        with self._queue.lock:
            running = list(self._running)
        for job in running:
            job.error()

    def _give(self) -> None:
        """Begin what waits, as long as there is room."""
        while (job := self._next()) is not None:
            if not self._running[job].begin():
                self._remove(job)

    def _next(self) -> Job | None:
        with self._queue.lock:
            if len(self._running) >= self._executor.at_once:
                return None
            found = self._queue.take("batch", [""], window=1, made=self._running)
            if found is None:
                return None
            job = found[0]
            self._running[job] = _Making(job, self._bench, self._executor, self._end)
            return job

    def _cancel(self, job: Job, _keep: bool) -> None:
        if self._queue.remove(job):
            job.end("cancelled", run={}, failure=error_as_plain(cancelled_before(job)))
            self._note_end(job)
        elif (making := self._running.get(job)) is not None:
            making.cancel()

    def _end(self, job: Job) -> None:
        """Take note that a job has ended, and begin others in its place."""
        self._remove(job)
        self._give()

    def _remove(self, job: Job) -> None:
        with self._queue.lock:
            del self._running[job]
        self._note_end(job)

    def _note_end(self, job: Job) -> None:
        self._queue.note_end(job)
        self._executor.statistics.count(job)
        job.add(job.state, {})
        job.close()


class _Making:
    """One batch while it is made; tells its job what happens.

    Args:
        job: The batch's.
        bench: The server's workbench.
        executor: Makes the pictures.
        ended: Called once the job has ended.
    """

    def __init__(
        self,
        job: Job,
        bench: Workbench,
        executor: DevicesExecutor,
        ended: Callable[[Job], object],
    ) -> None:
        self._job, self._executor, self._ended = job, executor, ended
        self._artifacts = bench.artifacts
        self._bench = BenchOfBatch(job, bench, executor)
        self._lock = threading.RLock()  # held while it is begun, so that nothing is told before
        self._run: BatchRun | None = None
        self._is_cancelled = False

    def begin(self) -> bool:
        """Begin to make what is missing, and return at once, whether that can be made."""
        job = self._job
        job.begin()
        job.add("started", {})
        try:
            batch = MeasuredElsewhere(self._bench, str(job.batch))
            with self._lock:
                run = self._run = batch.start(self._tell_row, on_event=self._tell_step)
                if self._is_cancelled:
                    run.cancel()
        except (MediaLabError, OSError, RuntimeError) as error:  # a full disk; no thread to be had
            note_error(self._artifacts.folder, job.name, error)
            job.end("failed", run={}, failure=error_as_plain(error))
            return False
        run.then(lambda: self._end(batch, run))
        return True

    def cancel(self) -> None:
        """Stop at the next step of its pictures, or at the next that is measured."""
        with self._lock:
            self._is_cancelled = True
            run = self._run
        if run is not None:
            run.cancel()
            self._bench.cancel()

    def _tell_row(self, row: int, state: Mapping[str, Any]) -> None:
        told = {name: state[name] for name in ("state", "path", "error") if state.get(name)}
        self._job.add("row", {"row": row, **told, **self._count()})

    def _tell_step(self, row: int, event: Event) -> None:
        """Tell what the picture's own job was told last, which is this event in plain values."""
        if event.kind in _TOLD and (made := self._executor.named(event.job)) is not None:
            self._job.add(event.kind, {**made.events()[-1].data, "row": row})

    def _count(self) -> Mapping[str, int]:
        with self._lock:
            run = self._run
        assert run is not None  # noqa: S101 - nothing is told before it is there
        self._job.rows = {"rows": run.total, "done": run.done, "failed": run.failed}
        return self._job.rows

    def _end(self, batch: Batch, run: BatchRun) -> None:
        """Note how it ended, and its pictures so far."""
        self._count()
        error, pictures = run.error, []
        try:
            pictures = [*_pictures_of(batch)]
        except (MediaLabError, OSError) as unread:  # its journal was damaged meanwhile
            error = error or unread
        if error is not None:
            note_error(self._artifacts.folder, self._job.name, error)
        self._job.end(
            "failed" if error is not run.error else _ENDS[run.state],
            run={"pictures": pictures},
            failure={} if error is None else error_as_plain(error),
        )
        self._ended(self._job)


def _pictures_of(batch: Batch) -> Iterator[dict[str, Any]]:
    """Yield what is told of a batch's pictures, without those that are gone since."""
    folder = batch.bench.artifacts.folder
    paths = [str(state["path"]) for state in batch.states() if state.get("path")]
    for path in dict.fromkeys(paths):
        with suppress(ArtifactError):
            yield picture_as_plain(Artifact.read(folder / path))
