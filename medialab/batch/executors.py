"""Executors of a batch: they make its pictures, in this process or on other machines."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from medialab.artifacts import ArtifactManager
from medialab.batch.cells import Cell, Cells, Outcome
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import CancelledError, MediaLabError
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.process.events import Event
from medialab.runs.executor import Executor, RunJob

# Pictures of a batch in the workbench's queue: the next one is ready when one is finished, and
# whoever else asks for a picture waits for no more than these.
_MOST_QUEUED = 2

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

    def submit(self, config: PipelineConfig, *, duplicates: bool = False) -> RunJob:
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
    """

    bench: Bench
    cells: Cells
    tell: OnEvent
    folder: Path
    samples: Callable[[], Sequence[ResolvedConfig]] = list
    is_heard: bool = True


class BatchExecutor(Protocol):
    """An executor makes the cells of one batch at a time; it can be used for another afterwards."""

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
    """Makes a batch on the workbench's own queue, with at most two of its pictures there.

    It holds no lock while it calls others or is called: the queue's listeners have their own.
    """

    def __init__(self) -> None:
        # Replaced, never changed: other threads read it at any moment.
        self._jobs: tuple[tuple[Cell, RunJob], ...] = ()
        self._is_cancelled = False

    @property
    def jobs(self) -> Sequence[str]:
        """See `BatchExecutor`."""
        return [job.name for _, job in self._jobs]

    def make(self, work: Work) -> Generator[Outcome]:
        """See `BatchExecutor`; the outcomes come in the order of the cells."""

        def hear(event: Event) -> None:
            row = next((cell.row for cell, job in self._jobs if job.name == event.job), None)
            if row is not None:
                work.tell(row, event)

        self._is_cancelled = False
        room = _MOST_QUEUED
        forget = work.bench.executor.listen(hear)
        try:
            while True:
                while len(self._jobs) < room and (cell := work.cells.take()) is not None:
                    if (refused := self._submit(work.bench, cell)) is not None:
                        yield Outcome(cell, error=refused)
                if not self._jobs:
                    return
                outcome = self._wait()
                # After a failure one at a time, so that the queue, which stops what waits after
                # several alike, never stops one that the batch would still have tried.
                room = _MOST_QUEUED if outcome.error is None else 1
                yield outcome
        finally:
            self.cancel()
            while self._jobs:
                self._wait()
            forget()

    def cancel(self) -> None:
        """See `BatchExecutor`."""
        self._is_cancelled = True
        for _, job in reversed(self._jobs):
            job.cancel()

    def _submit(self, bench: Bench, cell: Cell) -> MediaLabError | None:
        """Queue a cell; return the error if it is refused."""
        if self._is_cancelled:
            return CancelledError("it was cancelled before it began")
        try:
            job = bench.submit(cell.config, duplicates=cell.is_again)
        except MediaLabError as error:
            return error
        self._jobs = (*self._jobs, (cell, job))
        if self._is_cancelled:  # meanwhile, when the job was not known yet
            job.cancel()
        return None

    def _wait(self) -> Outcome:
        cell, job = self._jobs[0]
        error = job.error()
        self._jobs = self._jobs[1:]
        return Outcome(cell, job.result().artifact if error is None else None, error)
