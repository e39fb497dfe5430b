"""A device: the process that computes on it, and the jobs that this was given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from medialab.devices.jobs import Job, JobKind
from medialab.devices.process import WorkerProcess
from medialab.errors import MediaLabError


class Giver(Protocol):
    """Whoever gives jobs to devices, and hears what their processes tell."""

    def heard(self, device: "Device", message: Mapping[str, Any]) -> object:
        """Take a message of a device's process."""

    def ended(self, device: "Device", error: MediaLabError, *, for_good: bool) -> object:
        """Take note that a device's process died; see `Hearer.ended`."""

    def give(self) -> object:
        """Give every process what it has room for."""


class Device:
    """A device: its process, and the jobs that this was given; hears of the process.

    Attributes:
        process: Computes on it.
        given: The jobs that the process makes, by their kind.
        ending: Those whose pictures are drawn, and are written while the next ones are drawn.
        checkpoint: That of the last pictures it was given, which is warm; "" before.
        group: Of the last pictures it was given; see `Job.group`.
        is_started: Whether a process was ever asked for.
        is_gone: Whether its process died for good, until it is asked for again.
    """

    def __init__(
        self,
        executor: Giver,
        models: Sequence[Path],
        outputs: Path,
        name: str | None,
        threads: int | None,
    ) -> None:
        self.process = WorkerProcess(models, outputs, name, self, threads)
        self.given: dict[JobKind, Job] = {}
        self.ending: list[Job] = []
        self.checkpoint = self.group = ""
        self.is_started = self.is_gone = False
        self._executor = executor

    @property
    def jobs(self) -> list[Job]:
        """All jobs that the process has."""
        return [*self.ending, *self.given.values()]

    def drop(self, job: Job) -> None:
        """Take note that the process no longer has a job."""
        if self.given.get(job.kind) is job:
            del self.given[job.kind]
        if job in self.ending:
            self.ending.remove(job)

    def start(self) -> None:
        """Start its process if there is none, and return at once."""
        self.is_started, self.is_gone = True, False
        self.process.start()

    def heard(self, message: Mapping[str, Any]) -> None:
        """See `Hearer.heard`."""
        self._executor.heard(self, message)

    def ready(self) -> None:
        """See `Hearer.ready`."""
        self.is_gone = False
        self._executor.give()

    def ended(self, error: MediaLabError, *, for_good: bool) -> None:
        """See `Hearer.ended`."""
        self._executor.ended(self, error, for_good=for_good)
