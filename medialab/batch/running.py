"""A run of a batch: it makes what is missing, on a thread of its own, and can be stopped."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from functools import partial
from typing import Any, Literal, Protocol

from medialab.artifacts import Artifact
from medialab.batch.cells import Cells
from medialab.batch.executors import BatchExecutor, Bench, OnEvent, Work
from medialab.batch.journal import Journal
from medialab.batch.ledger import FAILED, Ledger, OnRow
from medialab.batch.neighbours import Neighbours
from medialab.batch.samples import rows_by_models
from medialab.batch.sweep import Sweep
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import CancelledError, MediaLabError

RunState = Literal["running", "stopped", "done", "failed"]


class Runnable(Protocol):
    """What a run needs of a batch."""

    journal: Journal
    sweep: Sweep

    @property
    def bench(self) -> Bench:
        """The batch's workbench."""

    @property
    def same(self) -> Mapping[int, int]:
        """See `Batch.same`."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def config(self, row: int) -> PipelineConfig:
        """See `Batch.config`."""

    def saved(self, noted: Mapping[int, Mapping[str, Any]]) -> Mapping[int, Artifact]:
        """See `Batch.saved`."""

    def measure(self, *, is_cancelled: Callable[[], bool]) -> object:
        """See `Batch.measure`."""

    def missing(self, noted: Mapping[int, Mapping[str, Any]]) -> Sequence[tuple[int, str]]:
        """See `Batch.missing`."""


class BatchRun:
    """A run of a batch; its pictures are made from the moment it is there.

    Args:
        batch: The batch.
        executor: Makes its pictures.
        on_row: Called with each row's number and state once it is made, or has failed; on the
            run's thread.
        on_event: Called with a row and each event of its picture, such as a step with a preview;
            on any thread. Of a picture that is drawn while another one's turn is, the previews are
            told alone, as "beside".

    Attributes:
        total: Rows of the batch.
        done: Those of them that are made or have failed, before this run or by it.
        failed: Those that failed in this run.
        rows: The rows that this run made, or that failed, in the order in which they ended. A row
            that asks for an earlier one's picture is not among them.
    """

    def __init__(
        self,
        batch: Runnable,
        executor: BatchExecutor,
        on_row: OnRow | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._batch, self._executor = batch, executor
        self._told, self._on_event = on_row, on_event
        self.total, self.done, self.failed = len(batch), 0, 0
        self.rows: list[int] = []
        self._counted: Mapping[int, int] = {}
        self._cells: Cells | None = None
        self._is_cancelled = False
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab-batch")
        try:
            self._work: Future[None] = thread.submit(self._make)
            thread.shutdown(wait=False)  # it ends with its work
        except KeyboardInterrupt:  # whoever asked has no run that could be cancelled
            self.cancel()
            raise

    @property
    def state(self) -> RunState:
        """Whether it runs, or how it ended; "done" also if some pictures have failed."""
        if not self._work.done():
            return "running"
        error = self.error
        if error is None:
            return "done"
        return "stopped" if isinstance(error, CancelledError) else "failed"

    @property
    def error(self) -> BaseException | None:
        """Why it ended before everything was made; None if it did not, or still runs."""
        return self._work.exception() if self._work.done() else None

    @property
    def jobs(self) -> Sequence[str]:
        """The names of the jobs in the workbench's queue that are this run's."""
        return self._executor.jobs

    def cancel(self) -> None:
        """Stop at the next step of the running pictures; any thread may call this.

        They wait again, and everything that was made is kept. While pictures are measured, it stops
        at the next one.
        """
        self._is_cancelled = True
        if self._cells is not None:
            self._cells.close()
        self._executor.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait (seconds; None for ever) until it has ended, and return whether it has."""
        return bool(wait([self._work], timeout).done)

    def result(self) -> None:
        """Wait until it has ended.

        Raises:
            BatchError: three pictures in a row failed for the same reason, another process makes
                this batch, or its files cannot be written.
            CancelledError: it was cancelled.
        """
        self._work.result()

    def then(self, call: Callable[[], object]) -> None:
        """Call this once it has ended, or at once if it has; on any thread."""
        self._work.add_done_callback(lambda _: call())

    def _make(self) -> None:
        """Make every missing row; on the run's thread."""
        batch = self._batch
        with batch.journal.writing() as writer:
            noted = batch.journal.states()
            missing = batch.missing(noted)
            shared = Counter(batch.same.values())
            self._counted = {row: 1 + shared[row] for row, _ in missing}
            self.done = self.total - sum(self._counted.values())
            saved = batch.saved(noted)
            neighbours = None
            if self._executor.draws_together:
                neighbours = Neighbours(batch.sweep, batch.bench, batch.bench.executor.at_once)
            ledger = Ledger(batch.bench, batch.config, noted, saved, writer, self._tell, neighbours)
            cells = self._cells = Cells(missing, ledger.begin)
            if self._is_cancelled:  # meanwhile
                cells.close()
            if missing:
                tell, folder = self._on_event or _ignore, batch.journal.folder
                samples = partial(_samples, batch, [row for row, _ in missing])
                is_heard = self._on_event is not None
                work = Work(batch.bench, cells, tell, folder, samples, is_heard, ledger.finished)
                with closing(self._executor.make(work)) as outcomes:
                    for outcome in outcomes:
                        ledger.settle(outcome)
                        if ledger.why_stopped is not None:
                            self.cancel()
        if ledger.why_stopped is not None:
            raise ledger.why_stopped
        if cells.left:
            message = "the batch was stopped; run it again to go on with what is missing"
            raise CancelledError(message)
        batch.measure(is_cancelled=lambda: self._is_cancelled)

    def _tell(self, row: int, state: Mapping[str, Any]) -> None:
        self.rows.append(row)
        self.done += self._counted[row]
        self.failed += state["state"] == FAILED
        if self._told is not None:
            self._told(row, state)


def _samples(batch: Runnable, rows: Sequence[int]) -> list[ResolvedConfig]:
    """Return requests that name every model of these rows; those that are refused fail later."""
    found = []
    for row in rows_by_models(batch.sweep, rows):
        with suppress(MediaLabError):
            found.append(batch.bench.resolve(batch.config(row)))
    return found


def _ignore(_row: int, _event: object) -> None:
    """Do nothing with an event."""
