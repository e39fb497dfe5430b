"""Jobs that other processes make: what each was asked for, how far it is, what came of it."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from medialab.errors import CancelledError, MediaLabError
from medialab.process.events import ENDS
from medialab.process.jobs import State
from medialab.runs.plain import error_from_plain, run_from_plain
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.settings.fields import RANDOM_SEED

JobKind = Literal["pictures", "batch", "metrics"]
_MOST_EVENTS = 1000  # of one job
# What is forgotten of more, in this order: a batch of a thousand rows has several for each stage.
_FORGOTTEN = ({"step"}, {"planned", "stage", "stage done"})
_PREVIEW = "preview"


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job, in plain values.

    Attributes:
        number: Counts the job's events from 1; some are forgotten later.
        kind: As `medialab.process.events.Event.kind`; "row" of a batch besides.
        data: What is told of it. A step's `preview` is a PNG in base64, with the newest step only.
    """

    number: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Job:
    """A request that waits, is made, or has ended; satisfies `medialab.runs.executor.RunJob`.

    Args:
        kind: "pictures"; "batch"; or "metrics", which are measured of a batch.
        owner: The client that asked for it, as the server tells them apart.
        label: A short text for a person.
        request: The request for pictures; None for others.
        batch: The name of a batch that was begun; None for pictures.
        part_of: The job of a batch, if this is a part of that: clients are told of that alone.
        cancel: Called to cancel it.
    """

    traceback = ""

    def __init__(
        self,
        kind: JobKind,
        owner: str,
        label: str,
        *,
        request: Request | None = None,
        batch: str | None = None,
        part_of: "Job | None" = None,
        cancel: "Callable[[Job, bool], object]",
    ) -> None:
        self.name = secrets.token_hex(8)
        self.kind: JobKind = kind
        self.owner, self.label = owner, label or self.name
        self.request, self.batch, self.part_of = request, batch, part_of
        self.state: State = "queued"
        self.created = datetime.now(UTC)
        self.started: float | None = None
        self.ended: float | None = None
        self.run: Mapping[str, Any] = {}
        self.failure: Mapping[str, Any] = {}
        self.rows: Mapping[str, int] = {}  # of a batch: "rows", "done" and "failed"
        # Once it is cancelled while a process has it: whether its unfinished picture is saved.
        self.keeps: bool | None = None
        self.is_announced = False  # it is begun only after all listeners have heard of it
        self.draws_group = False  # while its group is made for the first time, as far as is known
        self.passed = 0  # how often a later job of the same client was begun before it
        self._cancel = cancel
        self._is_over = threading.Event()
        self._lock = threading.Lock()  # of those below
        self._events: list[JobEvent] = []
        self._number = 0
        self._watchers: list[Callable[[], object]] = []

    @property
    def seconds(self) -> float:
        """How long it has been made, or was; 0 before."""
        if self.started is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.started

    @property
    def turn(self) -> tuple[str, str]:
        """Whose turn it is when it is begun: its client's requests take turns with each batch."""
        return self.owner, "" if self.part_of is None else self.part_of.name

    @property
    def checkpoint(self) -> str:
        """The name of the checkpoint that its pictures are drawn with; "" if none is."""
        config = None if self.request is None else self.request.config
        return config.checkpoint if config is not None and config.is_drawn else ""

    @cached_property
    def same(self) -> str:
        """What is equal for requests of the same pictures; "" for one that is computed anyway."""
        request = self.request
        if self.kind == "batch":
            return str(self.batch)
        if request is None or request.anew_from is not None or request.config.seed == RANDOM_SEED:
            return ""
        return request.config.model_dump_json()

    @cached_property
    def group(self) -> str:
        """What is equal for requests of pictures that are denoised at once; "" for one alone."""
        if self.request is None or not self.request.beside:
            return ""
        every = (self.request.config, *self.request.beside)
        texts = sorted(one.model_dump_json() for one in every)
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._is_over.is_set()

    def cancel(self, *, keep: bool = False) -> None:
        """Stop it at its next step; see `RunJob.cancel`."""
        self._cancel(self, keep)

    def result(self, timeout: float | None = None) -> Run:
        """Wait (seconds; None for ever) and return its run, or raise its error."""
        error = self.error(timeout)
        if error is not None:
            raise error
        return run_from_plain(self.run)

    def error(self, timeout: float | None = None) -> MediaLabError | None:
        """Wait likewise and return the error it failed with; None if it succeeded.

        Raises:
            TimeoutError: it has not ended by then.
        """
        if not self._is_over.wait(timeout):
            raise TimeoutError
        return error_from_plain(self.failure) if self.failure else None

    def events(self, after: int = 0) -> list[JobEvent]:
        """Return its events after the one of a number, without those that are forgotten."""
        with self._lock:
            first = next(
                (at for at, one in enumerate(self._events) if one.number > after),
                len(self._events),
            )
            return self._events[first:]

    def watch(self, call: Callable[[], object]) -> Callable[[], None]:
        """Call this after each new event, on any thread; return a function that ends that."""
        with self._lock:
            self._watchers.append(call)

        def forget() -> None:
            with self._lock:
                self._watchers.remove(call)

        return forget

    def begin(self) -> None:
        """Take note that it is being made."""
        self.state, self.started = "running", time.monotonic()

    def end(self, state: State, *, run: Mapping[str, Any], failure: Mapping[str, Any]) -> None:
        """Take note of how it ended, before its last event is added."""
        self.run, self.failure = run, failure
        self.state, self.ended = state, time.monotonic()

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add an event, and tell those that watch."""
        with self._lock:
            self._number += 1
            if kind == "step":
                self._forget_preview()
            if kind in ENDS:
                self._events = [one for one in self._events if one.kind != "step"]
            self._events.append(JobEvent(self._number, kind, data))
            self._forget_oldest()
            watchers = list(self._watchers)
        for call in watchers:
            call()

    def close(self) -> None:
        """Let those that wait for its result go on; called once, after its last event."""
        self._is_over.set()
        with self._lock:
            watchers = list(self._watchers)
        for call in watchers:
            call()

    def _forget_preview(self) -> None:
        """Drop the preview of an earlier step."""
        for at in reversed(range(len(self._events))):
            old = self._events[at]
            if _PREVIEW in old.data:  # the only one
                data = {name: one for name, one in old.data.items() if name != _PREVIEW}
                self._events[at] = JobEvent(old.number, old.kind, data)
                break

    def _forget_oldest(self) -> None:
        """Drop the oldest step of very many events, else what is oldest of a stage, or of all."""
        if len(self._events) <= _MOST_EVENTS:
            return
        earlier = self._events[:-1]  # the newest is what those that watch are called for
        for kinds in _FORGOTTEN:
            for at, one in enumerate(earlier):
                if one.kind in kinds:
                    del self._events[at]
                    return
        del self._events[0]


def next_of(
    waiting: Sequence[Job], turns: Mapping[tuple[str, ...], int], kind: JobKind
) -> Job | None:
    """Return the waiting job of a kind that is made next, so that no client waits for another's.

    Each client has its turn, the one whose last turn is longest ago first. What a client asks for
    takes turns likewise with the pictures of each of its batches; of those, the first that waits.

    Args:
        waiting: The jobs that wait, in the order in which they came.
        turns: The number of the last turn of each client, `(owner,)`, and of each `Job.turn`.
        kind: The kind of job.
    """
    of_kind = [job for job in waiting if job.kind == kind]
    return min(
        of_kind,
        key=lambda job: (turns.get((job.owner,), 0), turns.get(job.turn, 0)),
        default=None,
    )


def next_for(
    waiting: Sequence[Job],
    turns: Mapping[tuple[str, ...], int],
    kind: JobKind,
    warm: Sequence[str],
    *,
    window: int,
    groups: Sequence[str] = (),
) -> tuple[Job, int] | None:
    """Return the waiting job that is begun next, and which of the idle devices makes it.

    The turn is that of `next_of`. Of its first jobs, one whose checkpoint an idle device has
    loaded comes first, so that no device loads what another has; before it one of the pictures that
    an idle device has denoised at once. A job that was passed over as often as the window is long
    waits for no other.

    Args:
        waiting: As for `next_of`.
        turns: As for `next_of`.
        kind: The kind of job.
        warm: The checkpoint that each idle device has loaded; "" where there is none.
        window: How many of the turn's jobs are looked at; 1 keeps their order.
        groups: The group of the job that each idle device was given last; "" where it had none.
    """
    first = next_of(waiting, turns, kind)
    if first is None or not warm:
        return None
    own = [job for job in waiting if (job.kind, job.turn) == (kind, first.turn)]
    if first.passed < window > 1:
        for at, group in enumerate(groups):
            for job in own if group else ():
                if job.group == group:
                    return job, at
    for job in own[: 1 if first.passed >= window else window]:
        if job.checkpoint and job.checkpoint in warm:
            return job, warm.index(job.checkpoint)
    return first, warm.index("") if "" in warm else 0


def cancelled_before(job: Job) -> CancelledError:
    """Return the error of a job that was cancelled while it waited, or whose process was closed."""
    how = "before it began" if job.started is None else "when the program was closed"
    return CancelledError(f"{job.label!r} was cancelled {how}")
