"""The studio's requests: submitting, cancelling, the live request, and showing progress."""

import threading
from collections.abc import Callable
from html import escape

from medialab import PipelineConfig, Run, Workbench
from medialab.process.events import Event
from medialab.runs.executor import RunJob
from widgets.canvas import Canvas
from widgets.guard import guarded
from widgets.queue_panel import QueuePanel

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
        queue: QueuePanel,
        before: Callable[[Run], bytes | None],
        finished: Callable[[Run], object],
    ) -> None:
        self._bench, self._canvas, self._queue = bench, canvas, queue
        self._before, self._finished = before, finished
        self._jobs: dict[str, RunJob] = {}
        self._compared: dict[str, bytes] = {}
        self._newest: RunJob | None = None
        self._live: RunJob | None = None
        # Held while submitting, so that the job is known before its first event, and while writing
        # progress, so that the worker and a callback never write at the same time.
        self._lock = threading.RLock()
        self._tell_busy: Callable[[bool], object] = lambda _: None
        self._stop_listening = bench.executor.listen(self._on_event)

    @property
    def is_busy(self) -> bool:
        """Whether a request of this session runs or waits."""
        return bool(self._jobs)

    def on_busy(self, tell: Callable[[bool], object]) -> None:
        """Call `tell` with `is_busy` now, and whenever it may have changed."""
        self._tell_busy = tell
        tell(self.is_busy)

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
            if before is not None:
                self._compared[job.name] = before
            if len(self._jobs) == 1:
                self._canvas.show_starting()
            self._jobs_changed()
        self._queue.draw()
        return job

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

    def cancel(self) -> None:
        """Cancel the running request; the waiting ones stay queued."""
        with self._lock:
            running = next(
                (job for job in self._bench.executor.jobs() if job.name in self._jobs), None
            )
            if running is None:
                return
            self._canvas.show_cancelling()
        running.cancel()

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
                before = self._compared.pop(event.job, None)
                self._jobs_changed()
                self._show_outcome(event, job, before)
            elif event.kind != "queued":
                left = self._queue.left(event.job)
                self._canvas.show_progress(event, self._queue.stages(event.job), left)

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
        self._finished(run)

    def _jobs_changed(self) -> None:
        self._canvas.show_waiting(len(self._jobs) - 1)
        self._tell_busy(self.is_busy)
