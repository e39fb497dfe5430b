"""Following a job: no event is lost, whenever it comes."""

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
