"""The tasks that the worker's process is given, and what it tells of them.

It is sent `{"make": request, "task": name}`, `{"batch": sweep, "task": name}`,
`{"cancel": name, "keep": bool}` and `{"explain": request, "task": name}`. It tells
`{"event": …}`, with a plain event whose job is the task, and `{"answer": …, "task": name}`.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from medialab.artifacts import Artifact
from medialab.errors import CancelledError, MediaLabError
from medialab.process.events import Event
from medialab.runs.executor import RunJob
from medialab.runs.plain import event_as_plain
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.workbench import Workbench

Say = Callable[[dict[str, Any]], object]
_ENDS = {"done", "failed", "cancelled"}
_CANCELLED = "the job was cancelled; the unfinished picture is discarded"
LOG = "api.log"  # in the outputs folder: the tracebacks of defects


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
        self._forget = bench.executor.listen(self._hear)

    def take(self, message: Mapping[str, Any]) -> None:
        """Begin what a message asks for; what is not known is passed over."""
        if "make" in message:
            self._make(message["task"], message["make"])
        elif "cancel" in message:
            self._cancel(message["cancel"], keep=message["keep"])

    def close(self) -> None:
        """Cancel everything."""
        self._bench.executor.cancel_all()
        self._forget()

    def _make(self, task: str, request: str) -> None:
        try:
            read = Request.from_json(request)
            with self._lock:
                job = self._bench.executor.submit(read)
                self._jobs[job.name] = task, job
        except MediaLabError as error:
            self._say({"event": event_as_plain(Event("failed", task, error=error), self._unsaved)})

    def _cancel(self, task: str, *, keep: bool) -> None:
        with self._lock:
            jobs = [job for name, job in self._jobs.values() if name == task]
        for job in jobs:
            job.cancel(keep=keep)

    def _hear(self, event: Event) -> None:
        with self._lock:
            task, job = self._jobs.get(event.job, ("", None))
            if job is None:
                return
            if event.kind in _ENDS:
                del self._jobs[event.job]
        if event.kind == "failed" and not isinstance(event.error, MediaLabError):
            self._log(task, job.traceback)
        if isinstance(event.error, CancelledError):  # its message names the job of this process
            event = replace(event, error=CancelledError(_CANCELLED))
        plain = event_as_plain(replace(event, job=task), self._unsaved)
        if isinstance(event.result, Run):
            plain["run"]["pictures"] = [_facts(one) for one in event.result.artifacts]
        self._say({"event": plain})

    def _log(self, task: str, traceback: str) -> None:
        log = self._bench.artifacts.folder / LOG
        with suppress(OSError):  # the disk may be full; the error is told in any case
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{task}\n{traceback}\n")


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {
        "path": str(artifact.path),
        "seed": artifact.seed,
        "prompt": artifact.prompt,
        "width": artifact.width,
        "height": artifact.height,
    }
