"""An executor whose pictures other processes make, one a device: jobs wait here."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from medialab.devices.device import Device
from medialab.devices.jobs import Job, JobKind, cancelled_before, next_for
from medialab.devices.names import threads_each
from medialab.devices.statistics import Statistics
from medialab.errors import MediaLabError, TooManyJobsError, WorkbenchClosedError
from medialab.process.events import ENDS, Event, Kind
from medialab.process.jobs import Listener
from medialab.runs.executor import Executor
from medialab.runs.plain import error_as_plain, error_from_plain, event_from_plain
from medialab.runs.request import Request

_LOG = logging.getLogger("medialab")
_KINDS: Sequence[JobKind] = ("pictures", "batch")
_MOST_KEPT = 500  # jobs that have ended, whose answers are kept


class DevicesExecutor(Executor):
    """Gives requests to processes, one for each device, which are started when there are jobs.

    Each process makes one job for pictures and one batch at a time; the others wait here, and
    clients take turns. Of several jobs that wait, a device is given one whose checkpoint it has
    loaded. If a process dies, the job that it was making fails with the reason, and the others go
    on.

    Args:
        models: The models folders.
        outputs: The outputs folder, which all processes write into.
        devices: Torch device names, as `read_devices` returns them; None for the best of this
            machine.
        most_waiting: Jobs of one client that may wait at a time; None for any number.
    """

    stops_alike = False
    can_pause = True

    def __init__(
        self,
        models: Sequence[Path],
        outputs: Path,
        devices: Sequence[str | None] = (None,),
        *,
        most_waiting: int | None = None,
    ) -> None:
        self.statistics = Statistics()
        self.threads = threads_each(devices)
        self._most_waiting = most_waiting
        self._lock = threading.RLock()  # of those below, and of what the devices were given
        self._waiting: list[Job] = []
        self._over: OrderedDict[str, Job] = OrderedDict()
        self._turns: dict[str, int] = {}
        self._numbers = count(1)
        self._is_closed = self._is_paused = False
        self._listeners: list[Listener] = []
        self.devices = [Device(self, models, outputs, one, self.threads) for one in devices]

    @property
    def at_once(self) -> int:
        """See `Executor`."""
        return len(self.devices)

    # The processes.

    def start(self, most: int | None = None) -> None:
        """Start the processes that are not there, or the first ones alone, and return at once."""
        for device in self.devices[:most]:
            device.start()

    @property
    def is_ready(self) -> bool:
        """Whether a process takes tasks."""
        return any(one.process.is_ready for one in self.devices)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that there are."""
        return [pid for one in self.devices if (pid := one.process.pid) is not None]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the processes use together."""
        return sum(one.process.nbytes for one in self.devices)

    @property
    def knows_device(self) -> bool:
        """See `WorkerProcess.knows_device`; all devices are of one kind."""
        return self.devices[0].process.knows_device

    def device(self) -> str:
        """See `WorkerProcess.device`."""
        return self.devices[0].process.device()

    # Jobs.

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
        """Queue what is missing of a batch that was begun; one process makes all of it.

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
        """See `Executor.listen`; events of several devices may come at the same moment.

        What a listener raises is logged.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def jobs(self) -> list[Job]:
        """See `Executor.jobs`."""
        with self._lock:
            return [*self._given(), *self._waiting]

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
        """See `Executor.pause`; no device begins another job."""
        self._is_paused = True
        self._tell(Event("queue", ""))

    def go_on(self) -> None:
        """See `Executor.go_on`."""
        self._is_paused = False
        self._tell(Event("queue", ""))
        self.give()

    def dismiss_stopped(self) -> None:
        """See `Executor.dismiss_stopped`; no job is stopped here for the failures of others."""
        return

    def close(self) -> None:
        """See `Executor.close`; blocks until the processes have ended."""
        with self._lock:
            self._is_closed = True
        self.cancel_all()
        with ThreadPoolExecutor(len(self.devices)) as each:  # each may take its time to end
            for device in self.devices:
                each.submit(device.process.close)
        for job in self.jobs():  # those that a process did not end any more
            self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))

    # What the processes tell, on the threads that read from them.

    def heard(self, device: Device, message: Mapping[str, Any]) -> None:
        """Take a message of a device's process."""
        event = message.get("event")
        name = message.get("drawn") if event is None else event["job"]
        with self._lock:
            job = next((job for job in device.jobs if job.name == name), None)
            if job is not None and event is None and job not in device.ending:
                device.drop(job)
                device.ending.append(job)
        if job is not None and event is not None:
            self._follow(job, event)
        elif job is not None:
            self.give()

    def ended(self, device: Device, error: MediaLabError, *, for_good: bool) -> None:
        """Fail the job that a device's process died of, and give its others to the next process."""
        with self._lock:
            self.statistics.deaths += 1
            device.checkpoint, device.is_gone = "", for_good
            given = device.jobs
            begun = [job for job in given if job.state == "running"]
            back = [job for job in given if job.state != "running"]
            for job in back:
                device.drop(job)
            self._waiting[:0] = back
            are_gone = all(one.is_gone for one in self.devices)
            lost = [*begun, *(self._waiting if are_gone else ())]
            # One that is closed ends before it has told what it cancelled.
            unwanted = given if self._is_closed else [j for j in back if j.keeps is not None]
        for job in unwanted:
            self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))
        for job in lost:
            self._end(job, "failed", failure=error_as_plain(error))
        if for_good and self.jobs():
            for other in [one for one in self.devices if not one.is_started][:1]:
                other.start()
        self.give()

    def give(self) -> None:
        """Give every process what it has room for."""
        for kind in _KINDS:
            while self._give_one(kind):
                pass

    def _given(self) -> Iterator[Job]:
        """Yield the jobs that processes have; the lock is held."""
        for device in self.devices:
            yield from device.jobs

    def _add(self, job: Job) -> Job:
        with self._lock:
            if self._is_closed:
                message = "this workbench, or this server, is closed: make or start a new one"
                raise WorkbenchClosedError(message)
            own = sum(one.owner == job.owner for one in self._waiting)
            if self._most_waiting is not None and own >= self._most_waiting:
                message = f"{own} jobs of yours are waiting, and no more may wait at a time"
                raise TooManyJobsError(f"{message}; ask again when some are done, or cancel some")
            self._waiting.append(job)
            job.add("queued", {})
        self._tell(Event("queued", job.name))
        job.is_announced = True
        self.start(len(self.jobs()))
        self.give()
        return job

    def _give_one(self, kind: JobKind) -> bool:
        """Give a job of a kind to a process that has none; return whether there may be more."""
        with self._lock:
            idle = [one for one in self.devices if one.process.is_ready and kind not in one.given]
            if self._is_paused or not idle:
                return False
            idle.sort(key=lambda one: len(one.jobs))  # one that makes a batch comes last
            known = [job for job in self._waiting if job.is_announced]
            warm = [one.checkpoint for one in idle]
            found = next_for(known, self._turns, kind, warm, window=len(self.devices))
            if found is None:
                return False
            job, device = found[0], idle[found[1]]
            for other in self._waiting[: self._waiting.index(job)]:
                other.passed += (other.kind, other.owner) == (kind, job.owner)
            self._waiting.remove(job)
            device.given[kind] = job
            device.checkpoint = job.checkpoint or device.checkpoint
            self._turns[job.owner] = next(self._numbers)
        is_sent = device.process.send(_message(job))
        with self._lock:
            if not is_sent and device.given.get(kind) is job:
                # It has just died: another is given it.
                device.drop(job)
                self._waiting.insert(0, job)
            keep = job.keeps
        if keep is not None:  # it was cancelled before the process knew of it
            self._cancel(job, keep)
        return is_sent

    def _follow(self, job: Job, event: Mapping[str, Any]) -> None:
        """Take an event of a job that a process makes."""
        kind = event["kind"]
        if "rows" in event:
            counted = event["rows"] if kind in ENDS else event
            job.rows = {name: counted[name] for name in job.rows}
        if kind in ENDS:
            self._end(
                job, kind, run=event.get("run", {}), failure=event.get("error", {}), event=event
            )
            self.give()
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
            else:
                for device in self.devices:
                    if job in device.jobs:
                        job.keeps = keep
                        device.process.send({"cancel": job.name, "keep": keep})
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
            for device in self.devices:
                device.drop(job)
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
        """Tell all listeners; one that fails keeps neither another nor a process's reader."""
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whoever wrote it reads this; the pictures go on
                _LOG.exception("a listener failed at %r of the job %s", event.kind, event.job)


def _message(job: Job) -> dict[str, Any]:
    """Return the message that gives a process a job."""
    if job.request is not None:
        return {"task": job.name, "make": job.request.as_json()}
    return {"task": job.name, "batch": job.batch}


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client is told of an event: nothing of what is empty, and no run."""
    left_out = {"kind", "job", "run", "error"}
    return {
        name: one for name, one in event.items() if name not in left_out and (one or name == "row")
    }
