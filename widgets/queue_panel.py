"""The queue: the running job with its time left, the waiting jobs, the failed jobs."""

import threading
import time
from collections.abc import Callable
from functools import partial
from html import escape

import ipywidgets as ipw

from medialab import Workbench
from medialab.process.events import Event
from medialab.process.jobs import MOST_ALIKE
from medialab.runs.executor import RunJob
from medialab.runs.request import Request
from widgets.button import make_button
from widgets.guard import Show
from widgets.messages import text_of, title_of
from widgets.progress import Progress, Stage, time_text

# Seconds between two updates of the running row; there may be a hundred steps per second.
_REDRAW_SECONDS = 0.25
_LABEL_LENGTH = 80  # characters
_MOST_FAILED = 5  # rows; older ones are removed
_EMPTY = "The queue is empty. Press Generate several times to queue several pictures."


class QueuePanel(ipw.VBox):
    """A row for each job of the workbench, whoever submitted it.

    The panel's owner calls `take` with every event, which updates the progress.
    """

    def __init__(self, bench: Workbench, show_error: Show) -> None:
        self._bench = bench
        self._show_error = show_error
        self._usual: dict[str, float] = {}
        self._progress: dict[str, Progress] = {}
        self._rows: dict[str, _Row] = {}
        self._spare: list[_Row] = []
        self._failed: list[tuple[RunJob, str]] = []
        self._drawn = 0.0
        self._lock = threading.RLock()  # the worker and callbacks both draw
        self.head = ipw.HTML()
        self.cancel_all = make_button(
            "cancel-all",
            bench.executor.cancel_all,
            show_error,
            label="Cancel all",
            tooltip="Stop the running picture and empty the queue",
        )
        line = ipw.HBox([self.head, self.cancel_all])
        line.add_class("mls-panel-head")
        self._empty = ipw.HTML(f'<p class="mls-quiet">{_EMPTY}</p>')
        self.list = ipw.VBox()
        self.list.add_class("mls-queue-rows")
        self._why_stopped = ipw.HTML()
        self.resume = make_button(
            "queue-resume",
            bench.executor.resume,
            show_error,
            label="Continue",
            tooltip="Put the pictures that were not started back into the queue",
        )
        self.forget = make_button(
            "queue-forget",
            self._forget_stopped,
            show_error,
            label="Discard them",
            tooltip="Remove the pictures that were not started",
        )
        self.stopped = ipw.VBox([self._why_stopped, ipw.HBox([self.resume, self.forget])])
        self.stopped.add_class("mls-queue-stopped")
        super().__init__([line, self.stopped, self.list])
        self.add_class("mls-queue")
        self.draw()

    def take(self, event: Event) -> None:
        """Update from an event of any job, and redraw."""
        job = self._bench.executor.find(event.job)
        with self._lock:
            if event.kind in {"done", "cancelled", "failed"}:
                self._progress.pop(event.job, None)
                if event.kind == "failed":
                    self._keep_failed(event)
                self.draw()
                return
            if event.kind == "started" and job is not None:
                config = job.request.config if isinstance(job.request, Request) else None
                self._progress[event.job] = Progress(config, self._usual)
            if event.job in self._progress:
                self._progress[event.job].take(event)
            if event.kind in {"queued", "started"}:
                self.draw()
            elif time.monotonic() - self._drawn > _REDRAW_SECONDS and event.job in self._rows:
                self._drawn = time.monotonic()
                self._describe(self._rows[event.job])

    def stages(self, name: str) -> list[Stage]:
        """Return the stages of a running job; empty for any other job."""
        with self._lock:
            return self._progress[name].stages() if name in self._progress else []

    def left(self, name: str) -> float | None:
        """Return the estimated seconds until a running job is done; None if unknown."""
        with self._lock:
            return self._progress[name].left() if name in self._progress else None

    def draw(self) -> None:
        """Redraw the queue."""
        with self._lock:
            jobs = self._bench.executor.jobs()
            shown = [*jobs, *(job for job, _ in self._failed)]
            running = [job for job in jobs if job.state == "running"]
            names = {job.name for job in shown}
            # Rows are used again, since an unused widget is never freed.
            self._spare += [row for name, row in self._rows.items() if name not in names]
            kept = {name: row for name, row in self._rows.items() if name in names}
            self._rows = {
                job.name: kept.get(job.name) or (self._spare.pop() if self._spare else _Row(self))
                for job in shown
            }
            for place, job in enumerate(shown):
                self._rows[job.name].show(job, place - len(running), len(jobs) - len(running))
                self._describe(self._rows[job.name])
            self.list.children = list(self._rows.values()) or [self._empty]
            self._draw_stopped()
            self.cancel_all.disabled = not jobs
            count = f" <span>{len(jobs)}</span>" if jobs else ""
            self.head.value = f"<h3>Queue{count}</h3>"

    def move(self, job: RunJob, by: int) -> None:
        """Move a waiting job up (-1) or down (1)."""
        waiting = [one for one in self._bench.executor.jobs() if one.state == "queued"]
        if job in waiting:
            self._bench.executor.move(job.name, waiting.index(job) + by)
        self.draw()

    def dismiss(self, job: RunJob) -> None:
        """Cancel a running or waiting job; remove the row of a failed one."""
        with self._lock:
            self._failed = [(one, why) for one, why in self._failed if one is not job]
        job.cancel()
        self.draw()

    def button(self, name: str, press: Callable[[], object], icon: str, tooltip: str) -> ipw.Button:
        """Make a button for a row."""
        return make_button(name, press, self._show_error, icon=icon, tooltip=tooltip)

    def _draw_stopped(self) -> None:
        """Show that the queue was stopped, and the buttons to continue or discard."""
        count = len(self._bench.executor.stopped)
        self.stopped.layout.display = None if count else "none"
        if count:
            why = self._failed[-1][1] if self._failed else ""
            left = "1 picture was" if count == 1 else f"{count} pictures were"
            self._why_stopped.value = (
                f"<p>Stopped: {MOST_ALIKE} in a row failed for the same reason, and {left} not "
                f"started. Fix the cause, then continue.</p><small>{escape(why)}</small>"
            )

    def _forget_stopped(self) -> None:
        self._bench.executor.dismiss_stopped()
        self.draw()

    def _keep_failed(self, event: Event) -> None:
        """Keep the row of a failed job until a person dismisses it."""
        row = self._rows.get(event.job)
        if row is not None and row.job is not None and event.error is not None:
            why = f"{title_of(event.error)}: {text_of(event.error)}"
            self._failed = [*self._failed, (row.job, why)][-_MOST_FAILED:]

    def _describe(self, row: "_Row") -> None:
        job = row.job
        if job is None:
            return
        why = next((why for one, why in self._failed if one is job), "")
        if why:
            row.say("failed", why)
        elif job.state == "running":
            left = self.left(job.name)
            spent = f"running {time_text(job.seconds)}"
            row.say("running", f"{spent} · about {time_text(left)} left" if left else spent)
        else:
            row.say("queued", "waiting")


class _Row(ipw.HBox):
    """The row of one job."""

    def __init__(self, panel: QueuePanel) -> None:
        self.job: RunJob | None = None
        self.text = ipw.HTML()
        self.up = panel.button("job-up", partial(self._move, panel, -1), "arrow-up", "Move up")
        self.down = panel.button(
            "job-down", partial(self._move, panel, 1), "arrow-down", "Move down"
        )
        self.cancel = panel.button(
            "job-cancel", partial(self._dismiss, panel), "times", "Remove from the queue"
        )
        super().__init__([self.text, self.up, self.down, self.cancel])
        self.add_class("mls-job")

    def show(self, job: RunJob, place: int, count: int) -> None:
        """Show a job.

        Args:
            job: the job.
            place: its index among the waiting jobs; negative while it runs.
            count: the number of waiting jobs.
        """
        self.job = job
        self.up.disabled = not 0 < place < count
        self.down.disabled = not 0 <= place < count - 1

    def say(self, state: str, text: str) -> None:
        """Show the job's state and a line of text below its label."""
        label = self.job.label if self.job else ""
        short = label if len(label) <= _LABEL_LENGTH else f"{label[:_LABEL_LENGTH]}…"
        html = (
            f'<div data-state="{state}"><p title="{escape(label)}">{escape(short)}</p>'
            f"<small>{escape(text)}</small></div>"
        )
        if html != self.text.value:
            self.text.value = html

    def _move(self, panel: QueuePanel, by: int) -> None:
        if self.job:
            panel.move(self.job, by)

    def _dismiss(self, panel: QueuePanel) -> None:
        if self.job:
            panel.dismiss(self.job)
