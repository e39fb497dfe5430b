"""The workers of a cluster that make a batch's pictures: looked at, employed, and lost again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from secrets import token_hex
from time import monotonic
from typing import Any

from medialab.batch.cells import Cell
from medialab.batch.cluster import checks
from medialab.batch.cluster.connection import GPU
from medialab.batch.executors import Work
from medialab.config.resolved import ResolvedConfig
from medialab.errors import BatchError, CancelledError
from medialab.process.threads import processor
from medialab.runs.request import Request

TICK = 0.5  # seconds between two looks at whether the batch was stopped
_SECONDS_BETWEEN_COUNTS = 2.0  # of the workers: an event may have been missed

Inbox = SimpleQueue[Callable[[], object]]


@dataclass(frozen=True)
class Wanted:
    """What a batch asks of its workers, besides the models.

    Attributes:
        patience: Seconds to wait for a worker when there is none.
        say: Called with sentences for a person.
    """

    patience: float
    say: Callable[[str], object]


@dataclass(eq=False)
class Attempt:
    """A cell on its way: how many workers died of it, and the task that makes it now."""

    cell: Cell
    deaths: int = 0
    future: Any = None


@dataclass(eq=False)
class Hand:
    """A worker that is employed, with the tasks that it was given, oldest first.

    Attributes:
        shares: Whether it can write into the batch's own folder.
        sent: The stored pictures that it has.
    """

    address: str
    shares: bool
    checkpoint: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)


class Workforce:
    """The workers with a GPU, as Dask calls the resource of those that make pictures.

    Args:
        client: A Dask client.
        plugin: The workers' `WarmBench`.
        work: What is to be made.
        wanted: What is asked of them.
        inbox: Takes what is to be done on the batch's thread.
        on_lost: Called there with a worker that is gone, and whether it died.
    """

    def __init__(
        self,
        client: Any,
        plugin: Any,
        work: Work,
        wanted: Wanted,
        inbox: Inbox,
        on_lost: Callable[[Hand, bool], object],
    ) -> None:
        self.client, self._plugin, self._work, self._wanted = client, plugin, work, wanted
        self._inbox, self._on_lost = inbox, on_lost
        self._hands: dict[str, Hand] = {}
        self._processors = {processor(work.bench.device): "here"}
        self._asked: dict[str, Any] = {}  # futures of workers that are looked at, by address
        self._refused: dict[str, Sequence[str]] = {}  # why workers are not used
        self._is_looking = False  # at workers that come
        self._samples: Sequence[ResolvedConfig] = ()
        self._token = token_hex(4)
        self._counted = monotonic()
        self._idle_since: float | None = None  # without any worker, seconds of `monotonic`
        self.arriving = (work.folder / "arriving").absolute()

    def __iter__(self) -> Iterator[Hand]:
        return iter(self._hands.values())

    def __len__(self) -> int:
        return len(self._hands)

    def employ_all(self) -> None:
        """Look at every worker that there is, waiting for the first one, and employ them.

        Raises:
            BatchError: there is none, or some would not make the same pictures.
            CancelledError: the batch was stopped meanwhile.
        """
        while not (workers := self._with_gpu()):
            self._wait()
        checks.refuse_versions(self.client, workers)
        self.client.register_plugin(self._plugin)
        self._samples = self._work.samples()
        self._is_looking = True
        for worker in workers:
            self._look_at(worker)
        while self._asked or not (self._hands or self._refused):
            self._wait()
        checks.refuse(self._refused)

    def _wait(self) -> None:
        """Wait for what the cluster reports, and do it."""
        with suppress(Empty):
            self._inbox.get(timeout=TICK)()
        self.check()

    def submit(self, hand: str, task: str, *given: Any, key: str) -> Any:
        """Send a task to one worker, and to no other: its models are warm, and it has room.

        Args:
            hand: The worker's address.
            task: The name of a function in `medialab.batch.cluster.worker`.
            given: Its arguments.
            key: A part of its key, unlike that of any other of this batch.

        Returns:
            Its future.
        """
        from medialab.batch.cluster import worker

        return self.client.submit(
            getattr(worker, task),
            self._plugin.name,
            *given,
            key=f"medialab-{self._token}-{key}",
            workers=[hand],
            allow_other_workers=False,
            resources={GPU: 1},
            pure=False,
        )

    def listen(self) -> None:
        """Hear of workers that come and go, from now on."""
        self.client.subscribe_topic("all", self._hear)

    def check(self) -> None:
        """Look now and then whether the workers are there, or may be soon.

        Raises:
            BatchError: there has been none for too long, or the scheduler is gone.
            CancelledError: the batch was stopped.
        """
        if self._work.cells.are_closed and not self._hands:
            message = "the batch was stopped"
            raise CancelledError(message)
        if self.client.status != "running":
            message = (
                "the connection to the scheduler is lost; what was made is kept: run the batch "
                "again when it is there"
            )
            raise BatchError(message)
        if monotonic() > self._counted + _SECONDS_BETWEEN_COUNTS:
            self._count()
        if self._hands or self._asked:
            self._idle_since = None
            return
        self._idle_since = self._idle_since or monotonic()
        if monotonic() - self._idle_since > self._wanted.patience:
            message = (
                f"{self.client.scheduler.address} has had no worker with the resource GPU for "
                f"{self._wanted.patience:.0f} s; start some: dask worker "
                f"{self.client.scheduler.address} --nthreads 1 --resources GPU=1. What was made is "
                "kept: run the batch again when there is one"
            )
            raise BatchError(message)

    def _count(self) -> None:
        """Compare the workers with those that the scheduler knows: whose event was missed?"""
        there = self._with_gpu()
        for worker in {*self._hands, *self._asked}.difference(there):
            self._lose(worker, died=True)
        for worker in there:
            self._meet(worker)
        self._counted = monotonic()

    def close(self) -> None:
        """Release every task; pictures that are being made stop at their next step."""
        if self.client.status != "running":
            return
        self.client.unsubscribe_topic("all")
        futures = [attempt.future for hand in self for attempt in hand.attempts]
        self.client.cancel([*futures, *self._asked.values()])

    def stored(self, names: set[str]) -> dict[str, bytes]:
        """Return the stored pictures of these names, as far as there are any."""
        folder = self._work.bench.pictures.folder
        paths = {name: folder / f"{name}.png" for name in names}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}

    def _with_gpu(self) -> Sequence[str]:
        workers = self.client.scheduler_info()["workers"]
        return [
            one for one, about in workers.items() if about.get("resources", {}).get(GPU, 0) >= 1
        ]

    def _look_at(self, worker: str) -> None:
        requests = [Request(config).as_json() for config in self._samples]
        pictures = self.stored({name for one in requests for name in checks.stored_in(one)})
        self.arriving.mkdir(parents=True, exist_ok=True)
        probe = self.arriving / f"probe-{self._token}"
        probe.write_text(self._token)
        key = f"look-{token_hex(4)}"
        future = self.submit(worker, "look", requests, pictures, str(probe), key=key)
        self._asked[worker] = future
        future.add_done_callback(lambda _: self._inbox.put(partial(self._met, worker, future)))

    def _employ(self, worker: str, seen: Mapping[str, Any]) -> None:
        shares = seen["answers"] == self._token
        self._hands[worker] = Hand(worker, shares)
        how = (
            "writes its pictures into this outputs folder" if shares else "sends its pictures back"
        )
        where = " and ".join(seen["models"])
        self._wanted.say(f"{worker}: on {seen['device']}, with the models in {where}; it {how}")
        self._processors.setdefault(seen["processor"], worker)
        if len(self._processors) > 1:
            known = ", ".join(self._processors)
            self._wanted.say(
                f"{worker} has another processor than others here ({known}): the last bits of its "
                "pictures may differ"
            )

    def _hear(self, event: tuple[float, Any]) -> None:
        """Note that a worker came or went; on the client's thread."""
        told = event[1] if isinstance(event[1], dict) else {}
        if told.get("action") == "remove-worker":
            died = not told.get("expected")
            self._inbox.put(partial(self._lose, str(told["worker"]), died=died))
        elif told.get("action") == "add-worker":
            self._inbox.put(partial(self._meet, str(told["worker"])))

    def _meet(self, worker: str) -> None:
        """Look at a worker that came while the batch is made."""
        known = {*self._hands, *self._asked, *self._refused}
        if not self._is_looking or worker in known or worker not in self._with_gpu():
            return
        try:
            checks.refuse_versions(self.client, [worker])
        except BatchError as error:
            self._refused[worker] = [error.message]
            self._wanted.say(f"not used: {error.message}")
            return
        self._look_at(worker)

    def _met(self, worker: str, future: Any) -> None:
        """Employ a worker, or say why it is not used."""
        if self._asked.pop(worker, None) is None:
            return  # it is gone already
        if future.status == "finished":
            seen = future.result()
            faults = checks.faults_of(seen)
        else:
            faults = [f"it could not be asked ({_why(future)})"]
        if not faults:
            self._employ(worker, seen)
            return
        self._refused[worker] = faults
        self._wanted.say(f"{worker} is not used: {'; '.join(faults)}")

    def _lose(self, worker: str, *, died: bool) -> None:
        self._refused.pop(worker, None)
        if (asked := self._asked.pop(worker, None)) is not None:
            asked.cancel()
        if (hand := self._hands.pop(worker, None)) is not None:
            self._wanted.say(f"{worker} {'has died' if died else 'has left'}")
            self._on_lost(hand, died)


def _why(future: Any) -> str:
    return str(future.exception()) if future.status == "error" else f"its task was {future.status}"
