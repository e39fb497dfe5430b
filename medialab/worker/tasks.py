"""The tasks that the worker's process is given, and what it tells of them.

It is sent `{"make": request, "task": name}`, `{"measure": a batch's name, "task": name}` and
`{"cancel": name, "keep": bool}`. It tells `{"event": …}`, with a plain event whose job is the task,
and `{"drawn": task}` once a task's pictures are drawn: while they are written, the next may begin.
Of `{"resolve": request, "ask": number}` it tells `{"answer": number, …}`, with `config` or `error`.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from medialab.batch.batch import Batch
from medialab.devices.defects import note_defect, note_error
from medialab.errors import ArtifactError, CancelledError, MediaLabError
from medialab.process.events import ENDS, Event, Kind
from medialab.runs.executor import KernelExecutor, RunJob
from medialab.runs.plain import error_as_plain, event_as_plain, picture_as_plain
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.workbench import Workbench

Say = Callable[[dict[str, Any]], object]
_CANCELLED = "the job was cancelled; the unfinished picture is discarded"


class Tasks:
    """Gives the tasks of another process to a workbench, and tells it what becomes of them.

    Args:
        bench: Makes the pictures.
        say: Called with each message for the other process, on any thread.
        unsaved: A folder for pictures that are not saved.
    """

    def __init__(self, bench: Workbench, say: Say, unsaved: Path) -> None:
        self._bench, self._say, self._unsaved = bench, say, unsaved
        # Held while a task is queued, so that none of its events comes before it is known.
        self._lock = threading.RLock()
        self._jobs: dict[str, tuple[str, RunJob]] = {}  # by the name of the workbench's job
        self._answering = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab-answers")
        # Measures the pictures of batches, while others are drawn.
        self._measuring = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab-metrics")
        self._measured: dict[str, threading.Event] = {}  # by the task; set once it is cancelled
        self._forget = bench.executor.listen(self._hear)
        if isinstance(bench.executor, KernelExecutor):
            bench.executor.queue.goes_on_elsewhere = self._tell_drawn

    def take(self, message: Mapping[str, Any]) -> None:
        """Begin what a message asks for; what is not known is passed over."""
        if "make" in message:
            self._make(message["task"], message["make"])
        elif "measure" in message:
            self._measure(message["task"], message["measure"])
        elif "resolve" in message:
            number = message["ask"]
            work = self._answering.submit(self._resolved, message["resolve"])
            work.add_done_callback(lambda done: self._answer(number, done))
        elif "cancel" in message:
            self._cancel(message["cancel"], keep=message["keep"])

    def close(self) -> None:
        """Cancel everything, and wait for the picture that is being measured."""
        self._bench.executor.cancel_all()
        with self._lock:
            cancelled = [*self._measured.values()]
        for one in cancelled:
            one.set()
        for each in (self._answering, self._measuring):
            each.shutdown(cancel_futures=True)
        self._forget()

    def _make(self, task: str, request: str) -> None:
        try:
            read = Request.from_json(request)
            with self._lock:
                job = self._bench.executor.submit(read)
                self._jobs[job.name] = task, job
        except MediaLabError as error:
            self._tell(Event("failed", task, error=error))

    def _measure(self, task: str, name: str) -> None:
        """Measure the pictures of a batch."""
        self._tell(Event("started", task))
        cancelled = threading.Event()
        with self._lock:
            self._measured[task] = cancelled
        work = self._measuring.submit(
            lambda: Batch(self._bench, name).measure(is_cancelled=cancelled.is_set)
        )
        work.add_done_callback(lambda done: self._end_measuring(task, done))

    def _end_measuring(self, task: str, done: "Future[Batch]") -> None:
        with self._lock:
            del self._measured[task]
        if done.cancelled():  # this process ends
            return
        error = done.exception()
        if error is not None:
            note_error(self._bench.artifacts.folder, task, error)
        ended: Kind = "cancelled" if isinstance(error, CancelledError) else "failed"
        self._tell(Event("done" if error is None else ended, task, error=error))

    def _resolved(self, request: str) -> dict[str, Any]:
        return self._bench.resolve(Request.from_json(request).config).model_dump(mode="json")

    def _answer(self, number: int, done: "Future[dict[str, Any]]") -> None:
        if done.cancelled():  # this process ends
            return
        error = done.exception()
        answer = {"config": done.result()} if error is None else {"error": error_as_plain(error)}
        self._say({"answer": number, **answer})

    def _cancel(self, task: str, *, keep: bool) -> None:
        with self._lock:
            jobs = [job for name, job in self._jobs.values() if name == task]
            if task in self._measured:
                self._measured[task].set()
        for job in jobs:
            job.cancel(keep=keep)

    def _tell_drawn(self, job: RunJob) -> None:
        with self._lock:
            task, _ = self._jobs.get(job.name, ("", None))
        if task:
            self._say({"drawn": task})

    def _hear(self, event: Event) -> None:
        with self._lock:
            task, job = self._jobs.get(event.job, ("", None))
            if job is None:
                return
            if event.kind in ENDS:
                del self._jobs[event.job]
        if event.kind == "failed" and not isinstance(event.error, MediaLabError):
            note_defect(self._bench.artifacts.folder, task, job.traceback)
        if isinstance(event.error, CancelledError):  # its message names the job of this process
            event = replace(event, error=CancelledError(_CANCELLED))
        try:
            plain = event_as_plain(replace(event, job=task), self._unsaved)
        except (OSError, MemoryError) as error:
            if event.kind not in ENDS:
                raise
            # A picture that is not saved cannot be written down: the other process still waits.
            reason = getattr(error, "strerror", None) or type(error).__name__
            message = f"the picture was made, but could not be handed on ({reason}); free the disk"
            self._tell(Event("failed", task, error=ArtifactError(message)))
            return
        if isinstance(event.result, Run):
            plain["run"]["pictures"] = [picture_as_plain(one) for one in event.result.artifacts]
        self._say({"event": plain})

    def _tell(self, event: Event) -> None:
        self._say({"event": event_as_plain(event, self._unsaved)})
