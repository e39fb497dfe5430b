"""What the studio asked for: jobs and their order, the live one, and what is shown of each."""

import threading
from collections.abc import Callable
from html import escape

from medialab import PipelineConfig, Run, Workbench
from medialab.process.events import Event
from medialab.process.jobs import Job
from widgets.canvas import Canvas
from widgets.guard import guarded
from widgets.queue_panel import QueuePanel

_ENDS = {"done", "failed", "cancelled"}


class Session:
    """Submits requests and shows their events; the only writer of progress on canvas and queue.

    `before` gives the picture that a finished run is compared with; `finished` is called with each
    run, on the worker. A live request takes the place of the live one before it, whether that runs
    or waits, so that there is never more than one.
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
        self._jobs: dict[str, Job[Run]] = {}
        self._compared: dict[str, bytes] = {}
        self._newest: Job[Run] | None = None
        self._live: Job[Run] | None = None
        # Held while a request is made, so that its first event finds it, and by whoever writes
        # progress, so that the worker and a callback never do so at once.
        self._lock = threading.RLock()
        self._tell_busy: Callable[[bool], object] = lambda _: None
        self._stop_listening = bench.queue.listen(self._on_event)

    @property
    def is_busy(self) -> bool:
        """Whether anything of ours runs or waits."""
        return bool(self._jobs)

    def on_busy(self, tell: Callable[[bool], object]) -> None:
        """Call `tell` whenever it may have changed whether anything is being made."""
        self._tell_busy = tell
        tell(self.is_busy)

    def submit(
        self,
        config: PipelineConfig,
        *,
        save: bool = True,
        anew_from: str | None = None,
        before: bytes | None = None,
    ) -> Job[Run]:
        """Ask for a picture; it is made after those asked for before.

        It is compared with the picture `before`, if one is given.

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

    def submit_live(self, config: PipelineConfig) -> Job[Run]:
        """Ask for a picture that shows how the settings are now; it is next, and is not saved.

        Raises:
            MediaLabError: as `submit`; the live request of before goes on then.
        """
        with self._lock:
            old, self._live = self._live, self.submit(config, save=False)
            self._bench.queue.move(self._live, 0)
        if old is not None:
            old.cancel()
        return self._live

    def cancel(self) -> None:
        """Stop the picture that is being made; those that wait go on."""
        with self._lock:
            running = next(
                (job for job in self._bench.queue.jobs() if job.name in self._jobs), None
            )
            if running is None:
                return
            self._canvas.show_cancelling()
        running.cancel()

    def wait(self, timeout: float | None = None) -> Run | None:
        """The run of what was asked for last; see `Studio.wait`."""
        return self._newest.result(timeout) if self._newest else None

    def close(self) -> None:
        """Hear nothing any more, and cancel what was asked for."""
        self._stop_listening()
        for job in list(self._jobs.values()):
            job.cancel()

    def _on_event(self, event: Event) -> None:
        """On the worker (and "queued" on ours): show how far a job is, and its outcome."""
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

    def _show_outcome(self, event: Event, job: Job[Run], before: bytes | None) -> None:
        if event.kind == "cancelled":
            # One that a newer live request took the place of leaves the canvas to that one, and
            # one that only waited to the one that runs.
            if not self._jobs or (job.started is not None and not self._live_waits()):
                self._canvas.show_cancelled()
        elif event.error is not None:
            # The job's own traceback, since a settled error has let go of its frames.
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
