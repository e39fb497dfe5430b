"""Following a job: no event is lost, whenever it comes."""

import asyncio
import threading

from anyio.from_thread import start_blocking_portal

from medialab.api.following import events_of
from medialab.devices.jobs import Job


class EndsMeanwhile(Job):
    """A job that ends just after its events have been looked at."""

    def events(self, after=0):
        found = super().events(after)
        if not self.is_over:
            self.add("done", {})
            self.close()
        return found


def test_a_job_that_ends_while_its_events_are_read_is_followed_to_its_last():
    job = EndsMeanwhile("pictures", "owner", "a ball", cancel=lambda *_: None)
    job.add("started", {})

    async def kinds():
        return [event.kind async for event in events_of(job, 0, 60) if event is not None]

    # On a thread of its own: after a browser's tests, this one may have a loop that runs.
    with start_blocking_portal() as portal:
        assert portal.call(kinds) == ["started", "done"]


def test_a_server_that_has_ended_while_a_client_followed_keeps_no_job_from_its_end():
    """The thread that reads from a device's process would die of it, and so would `close`."""
    job = Job("pictures", "owner", "a ball", cancel=lambda *_: None)
    following = []

    async def follow():
        following.append(events_of(job, 0, 60))
        assert (await anext(following[0])).kind == "started"

    def serve():
        loop = asyncio.new_event_loop()
        loop.run_until_complete(follow())
        loop.close()

    job.add("started", {})
    server = threading.Thread(target=serve)
    server.start()
    server.join()
    job.add("cancelled", {})
    job.close()
    assert job.is_over
    assert [event.kind for event in job.events()] == ["started", "cancelled"]
