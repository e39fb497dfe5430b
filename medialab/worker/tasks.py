"""The tasks that the worker's process is given, and what it tells of them.

It is sent `{"make": request, "task": name}`, `{"batch": its name, "task": name}` and
`{"cancel": name, "keep": bool}`. It tells `{"event": …}`, with a plain event whose job is the task,
and `{"drawn": task}` once a task's pictures are drawn: while they are written, the next may begin.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from traceback import format_exception
from typing import Any

from medialab.artifacts import Artifact
from medialab.artifacts.sidecar import Sidecar
from medialab.batch.batch import Batch
from medialab.batch.running import BatchRun
from medialab.errors import ArtifactError, CancelledError, MediaLabError
from medialab.process.events import ENDS, Event
from medialab.runs.executor import KernelExecutor, RunJob
from medialab.runs.plain import error_as_plain, event_as_plain
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.workbench import Workbench

Say = Callable[[dict[str, Any]], object]
_BATCH_ENDS = {"done": "done", "stopped": "cancelled", "failed": "failed"}
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
        self._batches: dict[str, BatchRun] = {}
        self._forget = bench.executor.listen(self._hear)
        if isinstance(bench.executor, KernelExecutor):
            bench.executor.queue.goes_on_elsewhere = self._tell_drawn

    def take(self, message: Mapping[str, Any]) -> None:
        """Begin what a message asks for; what is not known is passed over."""
        if "make" in message:
            self._make(message["task"], message["make"])
        elif "batch" in message:
            self._run_batch(message["task"], message["batch"])
        elif "cancel" in message:
            self._cancel(message["cancel"], keep=message["keep"])

    def close(self) -> None:
        """Cancel everything, and wait for the batches."""
        for run in list(self._batches.values()):
            run.cancel()
        self._bench.executor.cancel_all()
        for run in list(self._batches.values()):
            run.wait()
        self._forget()

    def _make(self, task: str, request: str) -> None:
        try:
            read = Request.from_json(request)
            with self._lock:
                job = self._bench.executor.submit(read)
                self._jobs[job.name] = task, job
        except MediaLabError as error:
            self._say({"event": event_as_plain(Event("failed", task, error=error), self._unsaved)})

    def _run_batch(self, task: str, name: str) -> None:
        """Make what is missing of a batch that was begun."""
        self._say({"event": _plain("started", task)})
        try:
            batch = Batch(self._bench, name)
            with self._lock:
                run = batch.start(
                    lambda row, state: self._tell_row(task, row, state),
                    on_event=lambda row, event: self._tell_step(task, row, event),
                )
                self._batches[task] = run
            run.then(lambda: self._end_batch(task, batch))
        except MediaLabError as error:
            self._say({"event": event_as_plain(Event("failed", task, error=error), self._unsaved)})

    def _tell_row(self, task: str, row: int, state: Mapping[str, Any]) -> None:
        with self._lock:
            run = self._batches[task]
        told = {name: state[name] for name in ("state", "path", "error") if state.get(name)}
        counted = {"rows": run.total, "done": run.done, "failed": run.failed}
        self._say({"event": _plain("row", task, row=row, **told, **counted)})

    def _tell_step(self, task: str, row: int, event: Event) -> None:
        if event.kind in {"stage", "step", "stage done"}:
            plain = event_as_plain(replace(event, job=task), self._unsaved)
            self._say({"event": plain | {"row": row}})

    def _end_batch(self, task: str, batch: Batch) -> None:
        """Tell how a batch ended, and its pictures so far."""
        with self._lock:
            run = self._batches.pop(task)
        paths = [str(state["path"]) for state in batch.states() if state.get("path")]
        folder = self._bench.artifacts.folder
        plain = _plain(_BATCH_ENDS[run.state], task)
        plain["run"] = {"pictures": [*_facts_of(folder / one for one in dict.fromkeys(paths))]}
        plain["rows"] = {"rows": run.total, "done": run.done, "failed": run.failed}
        if run.error is not None:
            plain["error"] = error_as_plain(run.error)
            if not isinstance(run.error, MediaLabError):
                self._log(task, "".join(format_exception(run.error)))
        self._say({"event": plain})

    def _cancel(self, task: str, *, keep: bool) -> None:
        with self._lock:
            jobs = [job for name, job in self._jobs.values() if name == task]
            batch = self._batches.get(task)
        for job in jobs:
            job.cancel(keep=keep)
        if batch is not None:
            batch.cancel()

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


def _plain(kind: str, task: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "job": task, **more}


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {
        "path": str(artifact.path),
        "seed": artifact.seed,
        "prompt": artifact.prompt,
        "width": artifact.width,
        "height": artifact.height,
    }


def _facts_of(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield the facts of saved pictures, without those that are gone since."""
    for path in paths:
        with suppress(ArtifactError):
            yield _facts(Artifact.of(path, Sidecar.read(path.with_suffix(".json"))))
