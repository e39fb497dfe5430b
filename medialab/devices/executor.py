"""An executor whose pictures other processes make, one a device: jobs wait here."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab.devices.device import Device
from medialab.devices.jobs import Job, JobKind, cancelled_before
from medialab.devices.listeners import Listeners
from medialab.devices.messages import message_of, told_of
from medialab.devices.names import threads_each
from medialab.devices.processes import OfProcesses
from medialab.devices.questions import Questions
from medialab.devices.queue import ClientsQueue
from medialab.devices.statistics import Statistics
from medialab.errors import ArtifactError, MediaLabError
from medialab.process.events import ENDS, Event, Kind
from medialab.process.jobs import Listener
from medialab.runs.executor import Executor
from medialab.runs.plain import error_as_plain, error_from_plain, event_from_plain
from medialab.runs.request import Request

_KINDS: Sequence[JobKind] = ("pictures", "metrics")  # that processes make
_MOST_GROUPS = 100  # of which it is remembered that they are drawn


class DevicesExecutor(OfProcesses, Executor):
    """Gives requests to processes, one for each device, which are started when there are jobs.

    Each process makes one job for pictures at a time, and measures the pictures of one batch; the
    others wait here, and clients take turns. Of several jobs that wait, a device is given one whose
    checkpoint it has loaded. Pictures that are denoised at once wait for the first of them: one
    device draws all with that, and any finds them in the cache. If a process dies, the job that it
    was making fails with the reason, and the others go on.

    Args:
        models: The models folders.
        outputs: The outputs folder, which all processes write into.
        devices: Torch device names, as `read_devices` returns them; None for the best of this
            machine.
        most_waiting: Jobs of one client that may wait at a time; None for any number.

    Attributes:
        queue: The jobs that wait, also those that others make than the processes.
        statistics: Counts what happens.
        devices: The devices.
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
        self.queue = ClientsQueue(most_waiting)
        self._lock = self.queue.lock  # of what the devices were given, too
        self._is_paused = False
        self._drawn: deque[str] = deque(maxlen=_MOST_GROUPS)  # groups whose pictures are cached
        self._listeners = Listeners()
        self.devices = [Device(self, models, outputs, one, self.threads) for one in devices]
        self._questions = Questions(self.devices, self.queue.refuse_closed)

    @property
    def at_once(self) -> int:
        """See `Executor`."""
        return len(self.devices)

    def submit(
        self, request: Request, *, label: str = "", owner: str = "", part_of: Job | None = None
    ) -> Job:
        """See `Executor.submit`.

        Args:
            request: The request.
            label: A short text for a person.
            owner: The client that asks for it.
            part_of: The job of a batch, if it is a picture of that.

        Raises:
            TooManyJobsError: the client has too many jobs waiting.
            WorkbenchClosedError: this executor is closed.
        """
        job = Job("pictures", owner, label, request=request, part_of=part_of, cancel=self._cancel)
        return self._add(job)

    def submit_metrics(self, part_of: Job) -> Job:
        """Queue that the pictures of a batch are measured, as `Batch.measure` does.

        Args:
            part_of: The job of the batch.

        Raises: as `submit`.
        """
        owner, name = part_of.owner, part_of.batch
        job = Job("metrics", owner, part_of.label, batch=name, part_of=part_of, cancel=self._cancel)
        return self._add(job)

    def listen(self, listener: Listener) -> Callable[[], object]:
        """See `Executor.listen`; events of several devices may come at the same moment.

        What a listener raises is logged.
        """
        return self._listeners.add(listener)

    def jobs(self) -> list[Job]:
        """See `Executor.jobs`."""
        with self._lock:
            waiting = [job for job in self.queue.waiting if job.kind in _KINDS]
            return [*self._made(), *waiting]

    def named(self, name: str) -> Job | None:
        """Return the job of that name, if it is known."""
        with self._lock:
            return self.queue.ended(name) or next((j for j in self.jobs() if j.name == name), None)

    def cancel(self, name: str, *, keep: bool = False) -> None:
        """See `Executor.cancel`; `keep` as for `RunJob.cancel`."""
        if (job := self.named(name)) is not None:
            self._cancel(job, keep)

    def move(self, name: str, place: int) -> None:
        """See `Executor.move`; it holds among the jobs of one client."""
        if self.queue.move(name, place):
            self._listeners.tell(Event("queue", ""))

    @property
    def is_paused(self) -> bool:
        """See `Executor`."""
        return self._is_paused

    def pause(self) -> None:
        """See `Executor.pause`; no device begins another job."""
        self._is_paused = True
        self._listeners.tell(Event("queue", ""))

    def go_on(self) -> None:
        """See `Executor.go_on`."""
        self._is_paused = False
        self._listeners.tell(Event("queue", ""))
        self.give()

    def dismiss_stopped(self) -> None:
        """See `Executor.dismiss_stopped`; no job is stopped here for the failures of others."""
        return

    def close(self) -> None:
        """See `Executor.close`; blocks until the processes have ended; a fork ends none of them."""
        if self.queue.home.is_left:
            return
        self.queue.close()
        self.cancel_all()
        with ThreadPoolExecutor(len(self.devices)) as each:  # each may take its time to end
            for device in self.devices:
                each.submit(device.process.close)
        for job in self.jobs():  # those that a process did not end any more
            self._end(job, "cancelled", failure=error_as_plain(cancelled_before(job)))

    # What the processes tell, on the threads that read from them.

    def heard(self, device: Device, message: Mapping[str, Any]) -> None:
        """Take a message of a device's process."""
        if "answer" in message:
            self._questions.answer(message)
            return
        event = message.get("event")
        name = message.get("drawn") if event is None else event["job"]
        with self._lock:
            job = next((job for job in device.jobs if job.name == name), None)
            if job is not None and event is None and job not in device.ending:
                device.drop(job)
                device.ending.append(job)
                self._note_drawn(job)
        if job is not None and event is not None:
            self._follow(job, event)
        elif job is not None:
            self.give()

    def ended(self, device: Device, error: MediaLabError, *, for_good: bool) -> None:
        """Fail the job that a device's process died of, and give its others to the next process."""
        self._questions.fail(device, error)
        with self._lock:
            self.statistics.deaths += 1
            device.checkpoint, device.group, device.is_gone = "", "", for_good
            given = device.jobs
            begun = [job for job in given if job.state == "running"]
            back = [job for job in given if job.state != "running"]
            for job in back:
                device.drop(job)
            self.queue.put_back(back)
            are_gone = all(one.is_gone for one in self.devices)
            waiting = [job for job in self.jobs() if job.state == "queued"]
            lost = [*begun, *(waiting if are_gone else ())]
            # One that is closed ends before it has told what it cancelled.
            unwanted = given if self.queue.is_closed else [j for j in back if j.keeps is not None]
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

    def _made(self) -> list[Job]:
        return [job for one in self.devices for job in one.jobs]

    def _add(self, job: Job) -> Job:
        try:
            self.queue.add(job)
            self._listeners.tell(Event("queued", job.name))
            job.is_announced = True
            self.start(len(self.jobs()))
            self.give()
        except KeyboardInterrupt:  # whoever asked has no job by which to cancel it
            job.cancel()
            raise
        return job

    def _give_one(self, kind: JobKind) -> bool:
        """Give a job of a kind to a process that has none; return whether there may be more."""
        with self._lock:
            idle = [one for one in self.devices if one.process.is_ready and kind not in one.given]
            if self._is_paused or not idle:
                return False
            idle.sort(key=lambda one: len(one.jobs))  # one that measures comes last
            warm = [one.checkpoint for one in idle]
            groups = [one.group for one in idle]
            made, window = self._made(), len(self.devices)
            found = self.queue.take(kind, warm, window=window, made=made, groups=groups)
            if found is None:
                return False
            job, device = found[0], idle[found[1]]
            is_sent = False
            try:
                is_sent = device.process.send(message_of(job))
            finally:
                if not is_sent:  # it has just died, or this was interrupted: another is given it
                    self.queue.put_back([job])
            if not is_sent:
                return False
            device.given[kind] = job
            device.checkpoint = job.checkpoint or device.checkpoint
            if kind == "pictures":
                device.group = job.group
                job.draws_group = bool(job.group) and job.group not in self._drawn
        return True

    def _follow(self, job: Job, event: Mapping[str, Any]) -> None:
        """Take an event of a job that a process makes."""
        kind = event["kind"]
        if kind in ENDS:
            self._end(job, kind, failure=event.get("error", {}), event=event)
            self.give()
            return
        if kind == "started":
            job.begin()
        if kind != "beside":  # of another job's picture: a job keeps its own preview alone
            job.add(kind, told_of(event))
        self.statistics.note(kind, event)
        mode = None if job.request is None else job.request.config.mode
        if kind == "stage done" and job.draws_group and event["stage"] == mode:
            self._note_drawn(job)
            self.give()
        if self._listeners and job.kind == "pictures":
            self._listeners.tell(event_from_plain(event))

    def _note_drawn(self, job: Job) -> None:
        """Take note that the pictures of a job's group are denoised, if it is of one."""
        with self._lock:
            job.draws_group = False
            if job.group and job.group not in self._drawn:
                self._drawn.append(job.group)

    def _cancel(self, job: Job, keep: bool) -> None:
        with self._lock:
            if not self.queue.remove(job):
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
        failure: Mapping[str, Any],
        event: Mapping[str, Any] | None = None,
    ) -> None:
        """Take note of how a job ended, tell its last event, and let go who waits for it."""
        with self._lock:
            if job.state in ENDS:
                return
            for device in self.devices:
                device.drop(job)
            job.end(state, run=(event or {}).get("run", {}), failure=failure)
            self.queue.note_end(job)
            if job.part_of is None:
                self.statistics.count(job)
            job.add(state, {})
        if self._listeners:
            error = error_from_plain(failure) if failure else None
            ended = Event(state, job.name, error=error)
            if event is not None and job.kind == "pictures":
                with suppress(ArtifactError):  # its picture was removed at once
                    ended = event_from_plain(event)
            self._listeners.tell(ended)
        job.close()
