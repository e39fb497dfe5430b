"""An executor whose pictures another process makes: it waits here, and outlives that process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from medialab.devices.jobs import ENDS, Job, JobKind, cancelled_before, next_of
from medialab.devices.process import WorkerProcess
from medialab.devices.statistics import Statistics
from medialab.errors import MediaLabError, TooManyJobsError, WorkbenchClosedError
from medialab.process.events import Event, Kind
from medialab.process.jobs import Listener
from medialab.runs.executor import Executor
from medialab.runs.plain import error_as_plain, error_from_plain, event_from_plain
from medialab.runs.request import Request

_KINDS: Sequence[JobKind] = ("pictures", "batch")
_MOST_KEPT = 500  # jobs that have ended, whose answers are kept


class WorkerExecutor(Executor):
    """Gives one request after another to a process, which is started when the first one comes.

    One job for pictures and one batch are with the process at a time; the others wait here, and
    clients take turns. If the process dies, the job that it was making fails with the reason, and
    the others are given to the next one.

    Args:
        models: The models folders.
        outputs: The outputs folder.
        device: A torch device name; None for the best of this machine.
        most_waiting: Jobs of one client that may wait at a time.
    """

    stops_alike = False
    can_pause = True

    def __init__(
        self,
        models: Sequence[Path],
        outputs: Path,
        device: str | None = None,
        *,
        most_waiting: int = 100,
    ) -> None:
        self.statistics = Statistics()
        self.worker = WorkerProcess(models, outputs, device, self)
        self._most_waiting = most_waiting
        self._lock = threading.RLock()  # of those below
        self._waiting: list[Job] = []
        self._given: dict[JobKind, Job] = {}
        self._over: OrderedDict[str, Job] = OrderedDict()
        self._turns: dict[str, int] = {}
        self._numbers = count(1)
        self._is_closed = self._is_paused = False
        self._listeners: list[Listener] = []

    def submit(self, request: Request, *, label: str = "", owner: str = "") -> Job:
        """See `Executor.submit`.

        Args:
            request: The request.
            label: A short text for a person.
            owner: The client that asks for it.

        Raises:
            TooManyJobsError: the client has too many jobs waiting.
            WorkbenchClosedError: this executor is closed.
        """
        return self._add(Job("pictures", owner, label, request=request, cancel=self._cancel))

    def submit_batch(self, name: str, *, rows: int = 0, owner: str = "") -> Job:
        """Queue what is missing of a batch that was begun.

        Args:
            name: The batch's.
            rows: How many it has.
            owner: The client that asks for it.

        Raises: as `submit`.
        """
        job = Job("batch", owner, name, batch=name, cancel=self._cancel)
        job.rows = {"rows": rows, "done": 0, "failed": 0}
        return self._add(job)

    def listen(self, listener: Listener) -> Callable[[], object]:
        """See `Executor.listen`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def jobs(self) -> list[Job]:
        """See `Executor.jobs`."""
        with self._lock:
            return [*self._given.values(), *self._waiting]

    def over(self) -> list[Job]:
        """Return the jobs that have ended and are still known, the newest first."""
        with self._lock:
            return list(reversed(self._over.values()))

    def named(self, name: str) -> Job | None:
        """Return the job of that name, if it is known."""
        with self._lock:
            return self._over.get(name) or next((j for j in self.jobs() if j.name == name), None)

    def cancel(self, name: str, *, keep: bool = False) -> None:
        """See `Executor.cancel`; `keep` as for `RunJob.cancel`."""
        job = self.named(name)
        if job is not None:
            self._cancel(job, keep)

    def move(self, name: str, place: int) -> None:
        """See `Executor.move`; it holds among the jobs of one client."""
        with self._lock:
            job = next((job for job in self._waiting if job.name == name), None)
            if job is None:
                return
            self._waiting.remove(job)
            self._waiting.insert(max(place, 0), job)
        self._tell(Event("queue", ""))

    @property
    def is_paused(self) -> bool:
        """See `Executor`."""
        return self._is_paused

    def pause(self) -> None:
        """See `Executor.pause`."""
        self._is_paused = True
        self._tell(Event("queue", ""))

    def go_on(self) -> None:
        """See `Executor.go_on`."""
        self._is_paused = False
        self._tell(Event("queue", ""))
        self._give()

    def dismiss_stopped(self) -> None:
        """See `Executor.dismiss_stopped`; no job is stopped here for the failures of others."""
        return

    def close(self) -> None:
        """See `Executor.close`; blocks until the process has ended."""
        with self._lock:
            self._is_closed = True
        self.cancel_all()
        self.worker.close()
        for job in self.jobs():  # those that the process did not end any more
            self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))

    # What the process tells, on the thread that reads from it.

    def heard(self, message: Mapping[str, Any]) -> None:
        """See `Hearer.heard`."""
        event = message.get("event")
        if event is not None:
            with self._lock:
                job = next((j for j in self._given.values() if j.name == event["job"]), None)
            if job is not None:
                self._follow(job, event)

    def ready(self) -> None:
        """See `Hearer.ready`."""
        self._give()

    def ended(self, error: MediaLabError, *, for_good: bool) -> None:
        """See `Hearer.ended`."""
        self.statistics.deaths += 1
        with self._lock:
            given = list(self._given.values())
            begun = [job for job in given if job.state == "running"]
            back = [job for job in given if job.state != "running"]
            for job in back:
                del self._given[job.kind]
            self._waiting[:0] = back
            lost = [*begun, *(self._waiting if for_good else ())]
            unwanted = [job for job in back if job.keeps is not None]
        for job in unwanted:
            self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))
        for job in lost:
            self._end(job, "failed", failure=error_as_plain(error))

    def _add(self, job: Job) -> Job:
        with self._lock:
            if self._is_closed:
                message = "this server is closed; ask again when it is back"
                raise WorkbenchClosedError(message)
            own = sum(one.owner == job.owner for one in self._waiting)
            if own >= self._most_waiting:
                message = f"{own} jobs of yours are waiting, and no more may wait at a time"
                raise TooManyJobsError(f"{message}; ask again when some are done, or cancel some")
            self._waiting.append(job)
            job.add("queued", {})
        self._tell(Event("queued", job.name))
        self.worker.start()
        self._give()
        return job

    def _give(self) -> None:
        """Give the process what it has room for."""
        for kind in _KINDS:
            with self._lock:
                if kind in self._given or self._is_paused or not self.worker.is_ready:
                    continue
                job = next_of(self._waiting, self._turns, kind)
                if job is None:
                    continue
                self._waiting.remove(job)
                self._given[kind] = job
                self._turns[job.owner] = next(self._numbers)
            is_sent = self.worker.send(_message(job))
            with self._lock:
                if not is_sent and self._given.get(kind) is job:
                    # It has just died: the next one is given it.
                    del self._given[kind]
                    self._waiting.insert(0, job)
                keep = job.keeps
            if keep is not None:  # it was cancelled before the process knew of it
                self._cancel(job, keep)

    def _follow(self, job: Job, event: Mapping[str, Any]) -> None:
        """Take an event of a job that the process makes."""
        kind = event["kind"]
        if "rows" in event:
            counted = event["rows"] if kind in ENDS else event
            job.rows = {name: counted[name] for name in job.rows}
        if kind in ENDS:
            self._end(
                job, kind, run=event.get("run", {}), failure=event.get("error", {}), event=event
            )
            self._give()
            return
        if kind == "started":
            job.begin()
        job.add(kind, _told(event))
        self.statistics.note(kind, event)
        if self._listeners and job.kind == "pictures":
            self._tell(event_from_plain(event))

    def _cancel(self, job: Job, keep: bool) -> None:
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            elif job in self._given.values():
                job.keeps = keep
                self.worker.send({"cancel": job.name, "keep": keep})
                return
            else:
                return
        self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))

    def _end(
        self,
        job: Job,
        state: Kind,
        *,
        run: Mapping[str, Any] | None = None,
        failure: Mapping[str, Any] | None = None,
        event: Mapping[str, Any] | None = None,
    ) -> None:
        """Take note of how a job ended, tell its last event, and let go who waits for it."""
        with self._lock:
            if job.name in self._over:
                return
            if self._given.get(job.kind) is job:
                del self._given[job.kind]
            if job in self._waiting:
                self._waiting.remove(job)
            self._over[job.name] = job
            while len(self._over) > _MOST_KEPT:
                self._over.popitem(last=False)
            job.end(state, run=run or {}, failure=failure or {})
            self.statistics.count(job)
            job.add(state, {})
        if self._listeners:
            error = error_from_plain(failure) if failure else None
            ended = Event(state, job.name, error=error)
            is_plain = event is None or job.kind == "batch"
            self._tell(ended if is_plain else event_from_plain(event or {}))
        job.close()

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)


def _message(job: Job) -> dict[str, Any]:
    """Return the message that gives the process a job."""
    if job.request is not None:
        return {"task": job.name, "make": job.request.as_json()}
    return {"task": job.name, "batch": job.batch}


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client is told of an event: nothing of what is empty, and no run."""
    left_out = {"kind", "job", "run", "error"}
    return {
        name: one for name, one in event.items() if name not in left_out and (one or name == "row")
    }
