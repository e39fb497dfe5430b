"""One batch on a connected cluster: cells go to workers, outcomes come back.

Everything happens on the batch's thread; what Dask's threads report waits in an inbox.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError as TaskCancelledError
from contextlib import suppress
from functools import partial
from queue import Empty
from typing import Any

from medialab.artifacts.sidecar import Sidecar
from medialab.batch.cells import Outcome
from medialab.batch.cluster import checks
from medialab.batch.cluster.assignment import next_checkpoint, room
from medialab.batch.cluster.workforce import TICK, Attempt, Hand, Inbox, Wanted, Workforce
from medialab.batch.executors import Work
from medialab.errors import CancelledError, MediaLabError
from medialab.runs.plain import error_from_plain, event_from_plain
from medialab.runs.request import Request

MOST_DEATHS = 3  # workers that may die of one picture: it is tried on two others
_SECONDS = 5.0  # for a picture to come over the network, at first; then twice as long each time


class Session:
    """A batch that is being made on a cluster.

    Args:
        client: A Dask client.
        plugin: The workers' `WarmBench`.
        work: What to make.
        wanted: What is asked of the workers.
    """

    def __init__(self, client: Any, plugin: Any, work: Work, wanted: Wanted) -> None:
        self._client, self._work = client, work
        self._inbox: Inbox = Inbox()
        self._workers = Workforce(client, plugin, work, wanted, self._inbox, self._lose)
        self._by_key: dict[str, Attempt] = {}
        self._again: deque[Attempt] = deque()  # whose worker is gone
        self._ended: deque[Outcome] = deque()
        self._number = 0

    def open(self) -> None:
        """Look at the workers, and listen to the cluster.

        Raises:
            BatchError: there is no worker, or some would not make the same pictures.
        """
        self._client.subscribe_topic(self._client.id, self._hear)
        self._workers.listen()
        self._workers.employ_all()

    def close(self) -> None:
        """Release every task; pictures that are being made stop at their next step."""
        self._workers.close()
        if self._client.status == "running":
            self._client.unsubscribe_topic(self._client.id)

    def cancel(self) -> None:
        """Cancel every picture; any thread may call this."""
        self._inbox.put(self._cancel_all)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of every cell, as they come.

        Raises:
            BatchError: the connection is lost, or no worker came back; every cell that was taken
                has an outcome before.
        """
        failure: MediaLabError | None = None
        while failure is None:
            self._fill()
            while self._ended:
                yield self._ended.popleft()
                self._fill()
            if self._is_over():
                return
            with suppress(Empty):
                self._inbox.get(timeout=TICK)()
            try:
                self._workers.check()
            except MediaLabError as error:
                failure = error
        self._cancel_all()
        yield from self._ended
        raise failure

    def _is_over(self) -> bool:
        cells = self._work.cells
        is_idle = not self._again and not any(hand.attempts for hand in self._workers)
        return is_idle and (cells.are_closed or not cells.left)

    def _cancel_all(self) -> None:
        attempts = [attempt for hand in self._workers for attempt in hand.attempts]
        if self._client.status == "running":
            self._client.cancel([attempt.future for attempt in attempts])
        for attempt in (*attempts, *self._again):
            self._end(attempt, error=CancelledError("the picture was cancelled"))
        self._again.clear()

    def _fill(self) -> None:
        """Give each worker what it has room for, those with least first."""
        cells = self._work.cells
        while len(self._workers):
            hand = min(self._workers, key=lambda one: len(one.attempts))
            left = sum(cells.left.values()) + len(self._again)
            if len(hand.attempts) >= room(left, len(self._workers)):
                return
            attempt = self._again.popleft() if self._again else self._next(hand)
            if attempt is None:
                return
            self._send(hand, attempt)

    def _next(self, hand: Hand) -> Attempt | None:
        """Return the next cell for a worker; None if there is none."""
        cells = self._work.cells
        others = [one.checkpoint for one in self._workers if one is not hand]
        while (name := next_checkpoint(cells.left, hand.checkpoint, others)) is not None:
            if (cell := cells.take(name)) is not None:
                return Attempt(cell)
            if cells.are_closed:
                break
        return None

    def _send(self, hand: Hand, attempt: Attempt) -> None:
        cell = attempt.cell
        # Saved there in any case: whether it is here already is not known there.
        request = Request(cell.config, duplicates=True).as_json()
        pictures = self._workers.stored(checks.stored_in(request) - hand.sent)
        to = str(self._workers.arriving) if hand.shares else ""
        self._number += 1
        future = self._workers.submit(
            hand.address,
            "make",
            request,
            pictures,
            to,
            self._client.id if self._work.is_heard else "",
            key=f"{cell.row}-{self._number}",
        )
        hand.sent |= {*pictures}
        hand.checkpoint = cell.config.checkpoint
        hand.attempts.append(attempt)
        attempt.future, self._by_key[future.key] = future, attempt
        receive = partial(self._receive, hand, attempt, future)
        future.add_done_callback(lambda _: self._inbox.put(receive))

    def _receive(
        self, hand: Hand, attempt: Attempt, future: Any, seconds: float = _SECONDS
    ) -> None:
        """Take the picture of a task that has ended, or its error."""
        if attempt.future is not future or attempt not in hand.attempts:
            return  # it was given to another worker, or cancelled
        if future.status == "error":
            self._end(attempt, error=future.exception())
            return
        try:
            told = future.result(timeout=seconds)
        except TimeoutError:  # its worker may have died just now: let that be heard first
            self._inbox.put(partial(self._receive, hand, attempt, future, seconds * 2))
        except TaskCancelledError:  # by someone else: a scheduler that was restarted
            self._retry(attempt, died=True)
        else:
            self._take_in(attempt, told)

    def _take_in(self, attempt: Attempt, told: Mapping[str, Any]) -> None:
        """Save the picture that a worker has made, or note its error."""
        if "error" in told:
            error = error_from_plain(told["error"])
            if isinstance(error, CancelledError):  # not by this batch: the worker is leaving
                self._retry(attempt, died=True)
            else:
                self._end(attempt, error=error)
            return
        try:
            file = self._workers.arriving / told.get("file", "")
            picture = told["picture"] if "picture" in told else file.read_bytes()
            sidecar = Sidecar.model_validate_json(told["sidecar"])
            artifact = self._work.bench.artifacts.take_in(sidecar, picture)
        except OSError as error:
            self._end(attempt, error=MediaLabError(f"a picture did not arrive ({error})"))
        except MediaLabError as error:
            self._end(attempt, error=error)
        else:
            self._ended.append(Outcome(attempt.cell, artifact))
            self._forget(attempt)
            if "file" in told:
                with suppress(OSError):
                    file.unlink()

    def _lose(self, hand: Hand, died: bool) -> None:
        """Give what a worker had to others; it may have died of the oldest, which it was making."""
        for place, attempt in enumerate(hand.attempts):
            attempt.future.cancel()
            self._retry(attempt, died=died and place == 0)

    def _retry(self, attempt: Attempt, *, died: bool) -> None:
        """Have a picture made by another worker, unless too many have died of it."""
        self._forget(attempt)
        attempt.deaths += died
        if attempt.deaths < MOST_DEATHS:
            self._again.append(attempt)
            return
        message = (
            f"{MOST_DEATHS} workers died while they made this picture; as a rule their memory is "
            "too small for it: see the log of the last one, and take a smaller picture or a "
            "larger machine"
        )
        self._end(attempt, error=MediaLabError(message))

    def _end(self, attempt: Attempt, *, error: BaseException) -> None:
        self._ended.append(Outcome(attempt.cell, error=error))
        self._forget(attempt)

    def _forget(self, attempt: Attempt) -> None:
        """Let go of a task, so that the cluster forgets it."""
        for hand in self._workers:
            if attempt in hand.attempts:
                hand.attempts.remove(attempt)
        if attempt.future is not None:
            self._by_key.pop(attempt.future.key, None)
            attempt.future = None

    def _hear(self, event: tuple[float, Any]) -> None:
        """Note an event of a picture; on the client's thread."""
        told = event[1] if isinstance(event[1], dict) else {}
        if "medialab" in told:
            self._inbox.put(partial(self._tell, told["medialab"]))

    def _tell(self, plain: Mapping[str, Any]) -> None:
        attempt = self._by_key.get(plain["job"])
        if attempt is not None:
            self._work.tell(attempt.cell.row, event_from_plain(plain))
