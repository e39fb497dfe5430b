"""The server's workbench as a batch needs it: what it makes and asks is a device's process's."""

from collections.abc import Callable, Sequence
from typing import Any

from medialab.artifacts import ArtifactManager
from medialab.batch.batch import Batch
from medialab.batch.executors import MOST_DEATHS
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.devices.executor import DevicesExecutor
from medialab.devices.jobs import Job
from medialab.errors import CancelledError, WorkerEndedError
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.runs.request import Request
from medialab.workbench import Workbench


class BenchOfBatch:
    """The server's workbench as a batch needs it: pictures are the batch's job's parts.

    Satisfies `medialab.batch.executors.Bench`.
    """

    def __init__(self, job: Job, bench: Workbench, executor: DevicesExecutor) -> None:
        self._job, self._bench, self._executor = job, bench, executor
        self._measuring: Job | None = None

    @property
    def artifacts(self) -> ArtifactManager:
        """See `Bench`."""
        return self._bench.artifacts

    @property
    def registry(self) -> ModelRegistry:
        """See `Bench`."""
        return self._bench.registry

    @property
    def executor(self) -> DevicesExecutor:
        """See `Bench`."""
        return self._executor

    @property
    def pictures(self) -> PictureStore:
        """See `Bench`."""
        return self._bench.pictures

    @property
    def device(self) -> str:
        """See `Bench`."""
        return self._bench.device

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """See `Bench`; by a device's process, since this one has no torch to ask."""
        return self._executor.resolve(config)

    def alike(self, configs: Sequence[ResolvedConfig]) -> list[Any]:
        """See `Bench`; it is this process that counts the tokens of prompts that differ."""
        return self._bench.alike(configs)

    def submit(
        self,
        config: PipelineConfig,
        *,
        duplicates: bool = False,
        beside: Sequence[ResolvedConfig] = (),
    ) -> Job:
        """See `Bench`."""
        self._bench.check(config)
        request = Request(config, duplicates=duplicates, beside=tuple(beside))
        owner, label = self._job.owner, self._job.label
        return self._executor.submit(request, label=label, owner=owner, part_of=self._job)

    def measure(self, is_cancelled: Callable[[], bool]) -> None:
        """Have the batch's pictures measured; a process that dies of it is replaced twice.

        Args:
            is_cancelled: Whether they are wanted no more; `cancel` is called once that is so.

        Raises:
            CancelledError: it was cancelled.
            MediaLabError: as `Batch.measure`.
        """
        for left in reversed(range(MOST_DEATHS)):
            job = self._measuring = self._executor.submit_metrics(self._job)
            if is_cancelled():  # before `cancel` could know of the job
                job.cancel()
            error = job.error()
            if error is None:
                return
            if isinstance(error, WorkerEndedError) and is_cancelled():
                message = "the process that measured the batch's pictures ended as it was stopped"
                raise CancelledError(message) from error
            if not isinstance(error, WorkerEndedError) or not left:
                raise error

    def cancel(self) -> None:
        """Stop measuring at the next picture; any thread may call this."""
        if (job := self._measuring) is not None:
            job.cancel()


class MeasuredElsewhere(Batch):
    """A batch whose pictures a device's process measures: this one loads no models."""

    def __init__(self, bench: BenchOfBatch, name: str) -> None:
        super().__init__(bench, name)
        self._elsewhere = bench

    def measure(self, metrics: Any = (), is_cancelled: Callable[[], bool] = lambda: False) -> Batch:
        """See `Batch`."""
        self.measured.ask(metrics)
        if self.measured.asked:
            self._elsewhere.measure(is_cancelled)
        return self
