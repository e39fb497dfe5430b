"""Executors of a batch: they make its pictures, in this process or on other machines."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from medialab.artifacts import Artifact, ArtifactManager
from medialab.batch.cells import Cell, Cells, Outcome
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, CancelledError, MediaLabError, WorkerEndedError
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.process.events import ENDS, Event
from medialab.runs.executor import Executor, RunJob

# Pictures of a batch in the workbench's queue, for each device: the next one is ready when one is
# drawn, also while that is written, and whoever else asks for a picture waits for no more.
_MOST_EACH = 2
MOST_DEATHS = 3  # of processes, while they made the same picture
_LOOK = 1.0  # seconds between two looks at jobs whose end was not heard

OnEvent = Callable[[int, Event], object]


class Bench(Protocol):
    """What a batch needs of a workbench."""

    @property
    def artifacts(self) -> ArtifactManager:
        """The saved pictures."""

    @property
    def registry(self) -> ModelRegistry:
        """The models."""

    @property
    def executor(self) -> Executor:
        """Makes the pictures."""

    @property
    def pictures(self) -> PictureStore:
        """The stored pictures, which requests name."""

    @property
    def device(self) -> str:
        """The torch device that pictures are made on."""

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """See `Workbench.resolve`."""

    def alike(self, configs: Sequence[ResolvedConfig]) -> list[Any]:
        """See `Workbench.alike`."""

    def submit(
        self,
        config: PipelineConfig,
        *,
        duplicates: bool = False,
        beside: Sequence[ResolvedConfig] = (),
    ) -> RunJob:
        """See `Workbench.submit`."""


@dataclass(frozen=True)
class Work:
    """What an executor is given: the cells of a batch, and where they belong.

    Attributes:
        bench: The batch's workbench.
        cells: What to make.
        tell: Called with a row and each event of its picture, on any thread.
        folder: The batch's own folder.
        is_heard: Whether anyone hears what `tell` is called with.
        samples: Returns requests that name every model of the cells, for whoever looks first.
        finished: Returns the picture of a cell that was saved by a process that died before it
            could tell; None if there is none.
    """

    bench: Bench
    cells: Cells
    tell: OnEvent
    folder: Path
    samples: Callable[[], Sequence[ResolvedConfig]] = list
    is_heard: bool = True
    finished: Callable[[Cell], Artifact | None] = lambda _cell: None


class BatchExecutor(Protocol):
    """An executor makes the cells of one batch at a time; it can be used for another afterwards."""

    draws_together: bool = False
    """Whether it has several cells denoised at once: others would draw their neighbours in vain."""

    def make(self, work: Work) -> Generator[Outcome]:
        """Take cells as there is room for them, and yield the outcome of each, in any order.

        Every cell that was taken has an outcome; that of a cancelled one is a `CancelledError`.
        Closing the generator cancels what is being made, and waits for it.

        Raises:
            MediaLabError: no cell can be made here, and none was taken.
        """
        ...

    def cancel(self) -> None:
        """Stop the pictures that are being made at their next step; any thread may call this."""
        ...

    @property
    def jobs(self) -> Sequence[str]:
        """The names of the jobs in the workbench's queue that are the batch's."""
        return ()


class QueueExecutor(BatchExecutor):
    """Makes a batch on the workbench's own queue, which makes one picture at a time, or several.

    At most two of its pictures are there for each device; of several devices, two groups of those
    that are denoised at once, since these wait for the first of them. One whose process dies is
    made by another process, then without the others, until three have died of it.

    It holds no lock while it calls others or is called: the queue's listeners have their own.
    """

    draws_together = True

    def __init__(self) -> None:
        # Replaced, never changed: other threads read it at any moment.
        self._jobs: tuple[tuple[Cell, RunJob], ...] = ()
        self._is_cancelled = False
        self._ended: SimpleQueue[str] = SimpleQueue()  # names of jobs, the batch's and others'
        self._deaths: Counter[int] = Counter()  # of processes, by the row that each was making

    @property
    def jobs(self) -> Sequence[str]:
        """See `BatchExecutor`."""
        return [job.name for _, job in self._jobs]

    def make(self, work: Work) -> Generator[Outcome]:
        """See `BatchExecutor`; the outcomes come as the pictures end."""

        def hear(event: Event) -> None:
            cell = next((cell for cell, job in self._jobs if job.name == event.job), None)
            if cell is not None and (row := cell.row_of(event)) is not None:
                work.tell(row, event)
            if event.kind in ENDS:
                self._ended.put(event.job)

        self._is_cancelled = False
        self._ended, self._deaths = SimpleQueue(), Counter()
        executor = work.bench.executor
        most = room = executor.at_once * _MOST_EACH
        forget = executor.listen(hear)
        try:
            while True:
                while self._at_once(executor.at_once) < room:
                    if (cell := work.cells.take()) is None:
                        break
                    if (refused := self._submit(work.bench, cell)) is not None:
                        yield Outcome(cell, error=refused)
                if not self._jobs:
                    return
                if (outcome := self._wait(work)) is None:
                    continue
                # After a failure one at a time, so that a queue that stops what waits after
                # several alike never stops one that the batch would still have tried.
                room = 1 if outcome.error is not None and executor.stops_alike else most
                yield outcome
        finally:
            self.cancel()
            while self._jobs:
                self._wait(work)
            forget()

    def cancel(self) -> None:
        """See `BatchExecutor`."""
        self._is_cancelled = True
        for _, job in reversed(self._jobs):
            job.cancel()

    def _at_once(self, devices: int) -> int:
        """Return how many of its jobs keep a device busy each: those of one group are one."""
        if devices == 1:
            return len(self._jobs)
        return len({min((cell.row, *cell.rows_beside)) for cell, _ in self._jobs})

    def _submit(self, bench: Bench, cell: Cell) -> MediaLabError | None:
        """Queue a cell; return the error if it is refused."""
        if self._is_cancelled:
            return CancelledError("it was cancelled before it began")
        try:
            beside = () if self._deaths[cell.row] else cell.beside
            job = bench.submit(cell.config, duplicates=cell.is_again, beside=beside)
        except MediaLabError as error:
            return error
        self._jobs = (*self._jobs, (cell, job))
        if self._is_cancelled:  # meanwhile, when the job was not known yet
            job.cancel()
        return None

    def _wait(self, work: Work) -> Outcome | None:
        """Wait until one of the jobs has ended; None if its picture is made once more."""
        cell, job = self._next_ended()
        error = job.error()
        self._jobs = tuple(one for one in self._jobs if one[1] is not job)
        if error is None:
            try:
                return Outcome(cell, job.result().artifact)
            except ArtifactError as removed:  # its picture, at once
                return Outcome(cell, error=removed)
        if isinstance(error, WorkerEndedError):
            self._deaths[cell.row] += 1
            if (made := work.finished(cell)) is not None:
                return Outcome(cell, made)
            if self._deaths[cell.row] < MOST_DEATHS:
                refused = self._submit(work.bench, cell)
                return None if refused is None else Outcome(cell, error=refused)
        return Outcome(cell, error=error)

    def _next_ended(self) -> tuple[Cell, RunJob]:
        """Wait for the end of a job of the batch."""
        while True:
            try:
                name = self._ended.get(timeout=_LOOK)
            except Empty:  # a listener before ours may have failed
                name = next((job.name for _, job in self._jobs if job.state in ENDS), "")
            for cell, job in self._jobs:
                if job.name == name:
                    return cell, job
