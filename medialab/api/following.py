"""Waiting for a job without a thread: until it ends, or event by event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from medialab.devices.jobs import Job, JobEvent
from medialab.process.events import ENDS


async def until_over(job: Job, seconds: float, hung_up: asyncio.Event) -> bool:
    """Wait until a job has ended, a time is over or the client is gone; return whether it ended."""
    over = asyncio.Event()
    with _watching(job, over):
        if not job.is_over:
            waits = [asyncio.ensure_future(one) for one in (_ended(job, over), hung_up.wait())]
            try:
                await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()
    return job.is_over


async def events_of(job: Job, after: int, pause: float) -> AsyncIterator[JobEvent | None]:
    """Yield a job's events as they come, and None after each pause, until its last one.

    A client that is slow is not told every step: those before the newest may be left out.

    Args:
        job: The job.
        after: The number of the last event that the client has.
        pause: Seconds without an event.
    """
    changed = asyncio.Event()
    with _watching(job, changed):
        while True:
            changed.clear()
            is_over = job.is_over  # asked first: its last event comes before that
            for event in job.events(after):
                after = event.number
                yield event
                if event.kind in ENDS:
                    return
            if is_over:  # and its client has had its last event
                return
            try:
                await asyncio.wait_for(changed.wait(), pause)
            except TimeoutError:
                yield None


async def _ended(job: Job, changed: asyncio.Event) -> None:
    while not job.is_over:
        await changed.wait()
        changed.clear()


class _watching:  # noqa: N801 - a context manager reads as a verb
    """Sets an asyncio event after each event of a job, which come on other threads."""

    def __init__(self, job: Job, changed: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with suppress(RuntimeError):  # the server has ended, and its loop with it
                loop.call_soon_threadsafe(changed.set)

        self._forget = job.watch(tell)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        self._forget()
