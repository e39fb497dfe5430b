"""The studio's requests: submitting, cancelling, the live request, and showing progress."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

from medialab import PipelineConfig, Run, Workbench
from medialab.process.events import Event, no_preview
from medialab.runs.executor import RunJob
from widgets.canvas import Canvas
from widgets.guard import guarded
from widgets.queue_rows import QueueRows

_ENDS = {"done", "failed", "cancelled"}


class Session:
    """Submits requests and shows their progress; nothing else writes progress to the canvas.

    A new live request replaces the previous one, whether that runs or waits: there is at most one.

    Args:
        bench: the workbench that runs the requests.
        canvas: shows progress and results.
        queue: shows the jobs.
        before: returns the picture to compare a finished run with, or None.
        finished: called with each finished run, on the worker's thread.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        queue: QueueRows,
        before: Callable[[Run], bytes | None],
        finished: Callable[[Run], object],
    ) -> None:
        self._bench, self._canvas, self._queue = bench, canvas, queue
        self._before, self._finished = before, finished
        self._jobs: dict[str, RunJob] = {}
        # The picture to compare a job's result with.
        self._compared: dict[str, bytes | None] = {}
        self._newest: RunJob | None = None
        self._live: RunJob | None = None
        # Held while submitting, so that the job is known before its first event, and while writing
        # progress, so that the worker and a callback never write at the same time.
        self._lock = threading.RLock()
        self._tell: list[Callable[[], object]] = []
        self._stop_listening = bench.executor.listen(self._on_event)

    @property
    def is_busy(self) -> bool:
        """Whether a request of this session runs or waits."""
        return bool(self._jobs)

    def unfinished(self) -> list[str]:
        """Return the names of the running and waiting jobs of this session, in their order."""
        return [job.name for job in self._bench.executor.jobs() if job.name in self._jobs]

    def on_jobs(self, tell: Callable[[], object]) -> None:
        """Call `tell` now, and whenever a job of this session is added or ends."""
        self._tell.append(tell)
        tell()

    def submit(
        self,
        config: PipelineConfig,
        *,
        save: bool = True,
        anew_from: str | None = None,
        before: bytes | None = None,
    ) -> RunJob:
        """Add a request to the queue and return its job.

        Args:
            config: the request.
            save: save the pictures in the outputs folder.
            anew_from: the stage from which to run again, even if cached.
            before: the picture to compare the result with, as a file's content.

        Raises:
            MediaLabError: as `Workbench.submit`; nothing is queued then.
        """
        with self._lock:
            job = self._bench.submit(config, save=save, anew_from=anew_from)
            self._newest = self._jobs[job.name] = job
            self._compared[job.name] = before
            if len(self._jobs) == 1:
                self._canvas.show_starting()
            self._jobs_changed()
        self._queue.draw()
        return job

    def follow(self, submit: Callable[[], Sequence[RunJob]]) -> None:
        """Call a function that queues jobs, and show their progress and pictures as of own ones."""
        with self._lock:
            jobs = submit()
            self._jobs |= {job.name: job for job in jobs}
            self._compared |= {job.name: None for job in jobs}
            self._newest = jobs[-1] if jobs else self._newest
            self._jobs_changed()

    def submit_live(self, config: PipelineConfig) -> RunJob:
        """Add a request to the front of the queue in place of the last live one; not saved.

        Raises:
            MediaLabError: as `submit`; the previous live request goes on then.
        """
        with self._lock:
            old, self._live = self._live, self.submit(config, save=False)
            self._bench.executor.move(self._live.name, 0)
        if old is not None:
            old.cancel()
        return self._live

    def cancel(self, names: Sequence[str] | None = None, *, keep: bool = False) -> None:
        """Cancel these jobs of the session; by default the running one, and the others wait on.

        Args:
            names: of the jobs.
            keep: save their pictures as far as they were made.
        """
        with self._lock:
            unfinished = self.unfinished()
            chosen = (
                unfinished[:1] if names is None else [one for one in unfinished if one in names]
            )
            jobs = [self._jobs[name] for name in chosen]
            if any(job.started is not None for job in jobs):
                self._canvas.show_cancelling()
        for job in reversed(jobs):  # the running one last: otherwise the next would begin
            job.cancel(keep=keep)

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait for the last request and return its run; see `Studio.wait`."""
        return self._newest.result(timeout) if self._newest else None

    def close(self) -> None:
        """Stop listening, and cancel all requests of this session."""
        self._stop_listening()
        for job in list(self._jobs.values()):
            job.cancel()

    def _on_event(self, event: Event) -> None:
        """Show a job's progress and outcome.

        Called on the worker's thread, except for "queued", which comes on the caller's.
        """
        self._queue.take(event)
        with self._lock:
            job = self._jobs.get(event.job)
            if job is None:
                return
            if event.kind in _ENDS:
                del self._jobs[event.job]
                before = self._compared.pop(event.job)
                self._jobs_changed()
                self._show_outcome(event, job, before)
            elif event.kind != "queued":
                self._canvas.show_progress(event, self._queue.progress(event.job))

    def show_of_batch(self, event: Event) -> None:
        """Show the progress of a job of a batch, whose picture stands in a grid; on any thread."""
        with self._lock:
            if event.kind in {"failed", "cancelled"}:
                self._canvas.show_done("Failed" if event.kind == "failed" else "Stopped")
            elif event.kind == "done":
                self._canvas.show_done()
                self._finished(event.result)
            elif event.kind != "queued":
                event = replace(event, draws=no_preview)
                self._canvas.show_progress(event, self._queue.progress(event.job))

    def _show_outcome(self, event: Event, job: RunJob, before: bytes | None) -> None:
        if event.kind == "cancelled":
            # A live request that was replaced leaves the canvas to the newer one, and a request
            # that only waited leaves it to the one that runs.
            if not self._jobs or (job.started is not None and not self._live_waits()):
                self._canvas.show_cancelled()
        elif event.error is not None:
            # The job's own traceback, since the error's frames have been freed.
            self._canvas.show_failed(event.error, job.traceback)
        else:
            guarded(self._show_run, self._canvas.show_failed)(event.result, before)

    def _live_waits(self) -> bool:
        return self._live is not None and self._live.name in self._jobs

    def _show_run(self, run: Run, before: bytes | None) -> None:
        self._canvas.show_run(run, before or self._before(run))
        if notices := [text for record in run.records for text in record.get("notices", ())]:
            self._canvas.tell("<br>".join(map(escape, notices)))
        if run.already_there and all(run.already_there):
            names = ", ".join(artifact.path.name for artifact in run.artifacts)
            self._canvas.tell(f"Already made, with these settings: {escape(names)}.")
        self._finished(run)

    def _jobs_changed(self) -> None:
        for tell in self._tell:
            tell()
