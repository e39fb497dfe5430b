"""The jobs of several clients: those that wait, taken by turns, and those that have ended."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from itertools import count

from medialab.devices.jobs import Job, JobKind, next_for
from medialab.errors import TooManyJobsError, WorkbenchClosedError
from medialab.process.forks import Home

_MOST_KEPT = 500  # jobs that have ended, whose answers are kept


class ClientsQueue:
    """Jobs that wait for whoever makes their kind, and the answers of those that have ended.

    Jobs that are part of another's count for no client, and are forgotten when they end.

    Args:
        most_waiting: Jobs of one client that may wait at a time; None for any number.

    Attributes:
        lock: Held for each change; others hold it to keep what they know in step with this.
        waiting: The jobs that wait, in their order.
        is_closed: Whether no job is added any more.
        home: The process that this was made in.
    """

    def __init__(self, most_waiting: int | None = None) -> None:
        self.lock = threading.RLock()
        self.waiting: list[Job] = []
        self.is_closed = False
        self.home = Home()
        self._most_waiting = most_waiting
        self._over: OrderedDict[str, Job] = OrderedDict()
        self._turns: dict[tuple[str, ...], int] = {}
        self._numbers = count(1)

    def add(self, job: Job) -> None:
        """Add a job, with its first event; it is taken once it `is_announced`.

        Raises:
            TooManyJobsError: the client has too many jobs waiting.
            WorkbenchClosedError: this is closed.
        """
        with self.lock:
            self.refuse_closed()
            if job.part_of is None:
                self._refuse_too_many(job.owner)
            self.waiting.append(job)
            job.add("queued", {})

    def take(
        self,
        kind: JobKind,
        warm: Sequence[str],
        *,
        window: int,
        made: Collection[Job] = (),
        groups: Sequence[str] = (),
    ) -> tuple[Job, int] | None:
        """Remove the job that is begun next, and return it, and which of the idle ones makes it.

        Args:
            kind: The kind of job.
            warm: As for `next_for`.
            window: As for `next_for`.
            made: Jobs that are being made: one for the same waits, and finds what came of it, as
                those do that are denoised at once with one of them, until they are.
            groups: As for `next_for`.
        """
        with self.lock:
            others = {job.same for job in made} - {""}
            drawn = {job.group for job in made if job.draws_group} - {""}
            known = [
                job
                for job in self.waiting
                if job.is_announced and job.same not in others and job.group not in drawn
            ]
            found = next_for(known, self._turns, kind, warm, window=window, groups=groups)
            if found is None:
                return None
            job, _ = found
            for other in known[: known.index(job)]:
                other.passed += (other.kind, other.turn) == (kind, job.turn)
            self.waiting.remove(job)
            self._turns[job.owner,] = self._turns[job.turn] = next(self._numbers)
        return found

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Let jobs that were taken wait again, before all others."""
        with self.lock:
            self.waiting[:0] = jobs

    def remove(self, job: Job) -> bool:
        """Remove a job that waits, and return whether it did."""
        with self.lock:
            if job not in self.waiting:
                return False
            self.waiting.remove(job)
            return True

    def move(self, name: str, place: int) -> bool:
        """Move a job to a place among those that wait, and return whether it waits."""
        with self.lock:
            job = next((job for job in self.waiting if job.name == name), None)
            if job is None:
                return False
            self.waiting.remove(job)
            self.waiting.insert(max(place, 0), job)
            return True

    def note_end(self, job: Job) -> None:
        """Keep the answer of a job that has ended, and forget the oldest of very many."""
        with self.lock:
            self.remove(job)
            # The turn of a job's parts ends with it.
            self._turns.pop((job.owner, job.name), None)
            if job.part_of is not None:
                return
            self._over[job.name] = job
            while len(self._over) > _MOST_KEPT:
                self._over.popitem(last=False)

    def over(self) -> list[Job]:
        """Return the jobs that have ended and are still known, the newest first."""
        with self.lock:
            return list(reversed(self._over.values()))

    def ended(self, name: str) -> Job | None:
        """Return the job of that name, if it has ended and is still known."""
        with self.lock:
            return self._over.get(name)

    def refuse_closed(self) -> None:
        """Raise if no job is added any more.

        Raises:
            WorkbenchClosedError: this is closed, or was made in another process.
        """
        self.home.refuse_left()
        if self.is_closed:
            message = "this workbench, or this server, is closed: make or start a new one"
            raise WorkbenchClosedError(message)

    def close(self) -> None:
        """Take no more jobs."""
        with self.lock:
            self.is_closed = True

    def _refuse_too_many(self, owner: str) -> None:
        own = sum(one.owner == owner and one.part_of is None for one in self.waiting)
        if self._most_waiting is not None and own >= self._most_waiting:
            message = f"{own} jobs of yours are waiting, and no more may wait at a time"
            raise TooManyJobsError(f"{message}; ask again when some are done, or cancel some")
