"""The queue on the foot: a row for each running, waiting and failed job, and what can be done."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from medialab import PipelineConfig, Workbench
from medialab.process.events import Event
from medialab.process.failures import MOST_ALIKE
from medialab.runs.executor import RunJob
from medialab.runs.request import Request
from widgets.foot import Foot
from widgets.guard import Show, guarded
from widgets.messages import text_of, title_of
from widgets.progress import Estimates, Progress

# Seconds between two updates of the running row; there may be a hundred steps per second.
_REDRAW_SECONDS = 0.25
_LABEL_LENGTH = 200  # characters
_MOST_FAILED = 5  # rows; older ones are removed
# The names of batches among those of jobs.
_BATCH = "batch:"
_ROW: dict[str, Any] = {
    "is_batch": False,
    "since": None,
    "until": None,
    "takes": None,
    "why": "",
}


@dataclass(frozen=True)
class BatchRow:
    """A batch that is being made: one row, whatever jobs it has in the queue.

    Attributes:
        name: of the batch.
        done: its pictures that are made or have failed, of `total`.
        total: all of its pictures.
        failed: those that failed.
        seconds_left: for the rest; None if unknown.
        jobs: the names of its jobs in the queue.
    """

    name: str
    done: int
    total: int
    failed: int
    seconds_left: float | None
    jobs: Collection[str]


class QueueRows:
    """Shows every job of the workbench on the foot, whoever submitted it.

    A batch that is told by `watch` is one row. Its owner calls `take` with every event, which
    updates the progress.

    Args:
        bench: the workbench.
        foot: shows the rows, and tells what a person does with them.
        retry: called with the request of a failed job to try again.
        follow: called with a function that queues jobs again, so that their pictures are shown.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        bench: Workbench,
        foot: Foot,
        retry: Callable[[Request], object],
        follow: Callable[[Callable[[], Sequence[RunJob]]], object],
        show_error: Show,
    ) -> None:
        self._bench, self._foot = bench, foot
        self._retry, self._follow = retry, follow
        self._estimates = Estimates()
        self._jobs: dict[str, RunJob] = {}
        self._progress: dict[str, Progress] = {}
        self._failed: list[tuple[RunJob, str]] = []
        self._batches: Callable[[], Sequence[BatchRow]] = tuple
        self._act_on_batch: Callable[[str, str], object] = lambda _name, _do: None
        self._drawn = 0.0
        self._lock = threading.RLock()  # the worker and callbacks both draw
        self._left_behind = sum(one.request.config.batch_size for one in bench.waiting.left())
        foot.on("job", guarded(self._act_on, show_error))
        foot.on("queue", guarded(self._act, show_error))
        self.draw()

    def take(self, event: Event) -> None:
        """Update from an event of any job, and redraw."""
        with self._lock:
            if event.kind in {"done", "cancelled", "failed"}:
                self._progress.pop(event.job, None)
                job = self._jobs.pop(event.job, None)
                if event.kind == "failed" and job is not None and event.error is not None:
                    why = f"{title_of(event.error)}: {text_of(event.error)}"
                    self._failed = [*self._failed, (job, why)][-_MOST_FAILED:]
                self.draw()
                return
            if event.job not in self._jobs and (job := self._bench.executor.find(event.job)):
                self._jobs[event.job] = job
            if event.kind == "started" and event.job in self._jobs:
                config = _config_of(self._jobs[event.job])
                self._progress[event.job] = Progress(config, self._estimates)
            if event.job in self._progress:
                self._progress[event.job].take(event)
            if event.kind == "queued" and self._batches():
                return  # a batch knows that it is its own only after that
            late = time.monotonic() - self._drawn > _REDRAW_SECONDS
            if event.kind in {"queued", "started", "queue"} or (
                late and event.job in self._progress
            ):
                self.draw()

    def watch(
        self,
        batches: Callable[[], Sequence[BatchRow]],
        act_on: Callable[[str, str], object],
    ) -> None:
        """Show batches as one row each; `draw` is called when one has changed.

        Args:
            batches: returns those that are being made.
            act_on: called with a batch's name and "cancel" or "open".
        """
        self._batches, self._act_on_batch = batches, act_on
        self.draw()

    def progress(self, name: str) -> Progress | None:
        """Return the progress of a running job; None for any other job."""
        return self._progress.get(name)

    def draw(self) -> None:
        """Redraw the queue."""
        with self._lock:
            self._drawn = time.monotonic()
            batches = self._batches()
            own = {name for batch in batches for name in batch.jobs}
            jobs = [job for job in self._bench.executor.jobs() if job.name not in own]
            running = [job for job in jobs if job.state == "running"]
            waiting = [job for job in jobs if job.state != "running"]
            takes = [self._estimate(job) for job in waiting]
            rows = [_batch(one) for one in batches]
            rows += [self._running(job) for job in running]
            rows += [
                self._row(job, "queued", takes=one) for job, one in zip(waiting, takes, strict=True)
            ]
            rows += [self._row(job, "failed", why=why) for job, why in self._failed]
            self._foot.jobs = rows
            self._foot.queue = {
                "paused": self._bench.executor.is_paused,
                "can_pause": self._bench.executor.can_pause,
                "left": self._left(running, takes, batches),
                "stopped": self._stopped(),
            }

    def _running(self, job: RunJob) -> dict[str, Any]:
        progress = self._progress.get(job.name)
        return self._row(
            job,
            "running",
            since=time.time() - job.seconds,
            until=progress.until if progress else None,
        )

    def _row(self, job: RunJob, state: str, **facts: Any) -> dict[str, Any]:
        label = job.label[:_LABEL_LENGTH]
        return (
            _ROW
            | {"name": job.name, "label": label, "facts": _facts_of(job), "state": state}
            | facts
        )

    def _estimate(self, job: RunJob) -> float | None:
        config = _config_of(job)
        return None if config is None else self._estimates.of_job(config)

    def _left(
        self, running: list[RunJob], takes: list[float | None], batches: Sequence[BatchRow]
    ) -> float | None:
        """Return the seconds until the whole queue is done; None while unknown."""
        takes = [*takes, *(batch.seconds_left for batch in batches)]
        known = [one for one in takes if one is not None]
        until = [one.until for job in running if (one := self._progress.get(job.name))]
        if len(known) < len(takes) or None in until or len(until) < len(running):
            return None
        return sum(known) + sum(max(one - time.time(), 0.0) for one in until if one is not None)

    def _stopped(self) -> dict[str, str] | None:
        """Return what is told of requests that wait for a decision, or None."""
        if stopped := len(self._bench.executor.stopped):
            return {
                "kind": "stopped",
                "text": (
                    f"Stopped: {MOST_ALIKE} in a row failed for the same reason, and "
                    f"{_pictures(stopped)} not started. Fix the cause, then continue."
                ),
                "why": self._failed[-1][1] if self._failed else "",
            }
        if self._left_behind:
            text = f"{_pictures(self._left_behind)} waiting when the kernel stopped."
            return {"kind": "left", "text": text, "why": ""}
        return None

    def _act(self, do: str) -> None:
        executor, waiting = self._bench.executor, self._bench.waiting
        is_stopped = bool(executor.stopped)
        resume = executor.resume if is_stopped else waiting.resume
        acts: dict[str, Callable[[], object]] = {
            "pause": executor.pause,
            "go on": executor.go_on,
            "cancel all": executor.cancel_all,
            "continue": lambda: self._follow(resume),
            "discard": executor.dismiss_stopped if is_stopped else waiting.discard,
        }
        if do in acts:
            acts[do]()
            if not is_stopped and do in {"continue", "discard"}:
                self._left_behind = 0
            self.draw()

    def _act_on(self, name: str, do: str, place: int | None) -> None:
        if name.startswith(_BATCH):
            self._act_on_batch(name.removeprefix(_BATCH), do)
            return
        with self._lock:
            failed = next((job for job, _ in self._failed if job.name == name), None)
        if failed is not None:
            self._settle(failed, tries=do == "retry")
        elif (job := self._bench.executor.find(name)) is not None:
            self._move_or_cancel(job, do, place)
        self.draw()

    def _settle(self, failed: RunJob, *, tries: bool) -> None:
        """Remove the row of a failed job, and queue its request again if that was asked for."""
        with self._lock:
            self._failed = [(job, why) for job, why in self._failed if job is not failed]
        if tries and failed.request is not None:
            self._retry(failed.request)

    def _move_or_cancel(self, job: RunJob, do: str, place: int | None) -> None:
        waiting = [one.name for one in self._bench.executor.jobs() if one.state == "queued"]
        if do in {"cancel", "keep"}:
            job.cancel(keep=do == "keep")
        elif job.name in waiting:
            at = waiting.index(job.name)
            places = {"front": 0, "up": at - 1, "down": at + 1, "move": place}
            if (to := places.get(do)) is not None:
                self._bench.executor.move(job.name, min(max(int(to), 0), len(waiting) - 1))


def _batch(batch: BatchRow) -> dict[str, Any]:
    """Return the row of a batch."""
    facts = [f"{batch.done:,} of {batch.total:,} made"]
    if batch.failed:
        facts.append(f"{batch.failed:,} failed")
    left = batch.seconds_left
    return _ROW | {
        "name": f"{_BATCH}{batch.name}",
        "label": f"Batch {batch.name}",
        "facts": " · ".join(facts),
        "state": "running",
        "is_batch": True,
        "until": None if left is None else time.time() + left,
    }


def _pictures(count: int) -> str:
    return "1 picture was" if count == 1 else f"{count} pictures were"


def _config_of(job: RunJob) -> PipelineConfig | None:
    return job.request.config if isinstance(job.request, Request) else None


def _facts_of(job: RunJob) -> str:
    """Return what tells jobs with the same prompt apart: seed, size, pictures."""
    if (config := _config_of(job)) is None:
        return ""
    facts = ["random seed" if config.seed == -1 else f"seed {config.seed}"]
    if config.width and config.height:
        facts.append(f"{config.width} × {config.height}")
    if config.batch_size > 1:
        facts.append(f"{config.batch_size} pictures")
    return " · ".join(facts)
