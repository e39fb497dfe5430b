"""The executor's processes, one for each device: started, counted, asked for what they are."""

from collections.abc import Sequence

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.devices.device import Device
from medialab.devices.questions import Questions
from medialab.runs.request import Request


class OfProcesses:
    """The processes of an executor's devices."""

    devices: Sequence[Device]
    _questions: Questions

    def start(self, most: int | None = None) -> None:
        """Start the processes that are not there, or the first ones alone, and return at once."""
        for device in self.devices[:most]:
            device.start()

    @property
    def is_ready(self) -> bool:
        """Whether a process takes tasks."""
        return any(one.process.is_ready for one in self.devices)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that there are."""
        return [pid for one in self.devices if (pid := one.process.pid) is not None]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the processes use together."""
        return sum(one.process.nbytes for one in self.devices)

    @property
    def knows_device(self) -> bool:
        """See `WorkerProcess.knows_device`; all devices are of one kind."""
        return self.devices[0].process.knows_device

    def device(self) -> str:
        """See `WorkerProcess.device`."""
        return self.devices[0].process.device()

    def resolve(self, config: PipelineConfig) -> ResolvedConfig:
        """Have a process complete a request, as `Workbench.resolve` does: it has torch to ask.

        Raises:
            MediaLabError: as said there.
            WorkerEndedError: no process starts, or three died of it.
            WorkbenchClosedError: this executor is closed.
        """
        answer = self._questions.ask({"resolve": Request(config).as_json()})
        return ResolvedConfig.parse(answer["config"])
