"""Jobs of several clients wait up to a limit, are taken by turns, and are known when they end."""

import pytest

from medialab import PipelineConfig
from medialab.devices import queue as module
from medialab.devices.jobs import Job
from medialab.devices.queue import ClientsQueue
from medialab.errors import TooManyJobsError, WorkbenchClosedError
from medialab.runs.request import Request
from tests.devices.test_jobs import of_groups

BATCH = Job("batch", "", "", cancel=lambda *_: None)


@pytest.fixture
def queue():
    return ClientsQueue(most_waiting=2)


def added(queue, owner="", kind="pictures", **more):
    job = Job(kind, owner, "", cancel=lambda *_: None, **more)
    queue.add(job)
    job.is_announced = True
    return job


def taken(queue, kind="pictures", **more):
    found = queue.take(kind, [""], window=1, **more)
    return None if found is None else found[0]


def ended(queue, job):
    job.end("done", run={}, failure={})
    queue.note_end(job)


def test_clients_take_turns_and_each_job_is_taken_once(queue):
    mine, again, yours = added(queue, "me"), added(queue, "me"), added(queue, "you")
    assert [taken(queue) for _ in range(4)] == [mine, yours, again, None]


def test_one_that_not_all_have_heard_of_is_not_taken(queue):
    job = Job("pictures", "", "", cancel=lambda *_: None)
    queue.add(job)
    assert taken(queue) is None
    job.is_announced = True
    assert taken(queue) is job


def test_no_client_has_more_waiting_than_it_may_and_parts_of_a_batch_do_not_count(queue):
    batch = added(queue, "me", "batch")
    parts = [added(queue, "me", part_of=batch) for _ in range(5)]
    added(queue, "me")
    with pytest.raises(TooManyJobsError, match="2 jobs of yours"):
        added(queue, "me")
    added(queue, "you")
    assert taken(queue, "batch") is batch
    added(queue, "me")
    ended(queue, parts[0])
    assert queue.ended(parts[0].name) is None


def test_the_same_picture_and_the_same_batch_wait_for_the_one_that_is_made(queue):
    def asked(seed, **options):
        request = Request(PipelineConfig(prompt="a red ball", seed=seed), **options)
        return Job("pictures", "", "", request=request, cancel=lambda *_: None)

    made, anew, random = asked(1), asked(1, anew_from="prompt"), asked(-1)
    same, other = added(queue, request=made.request), added(queue, request=asked(2).request)
    assert taken(queue, made=[made]) is other
    assert same.passed == 0
    assert taken(queue, made=[made]) is None
    assert taken(queue, made=[anew, random]) is same
    assert (anew.same, random.same) == ("", "")
    batch, again = (added(queue, kind="batch", batch="cars") for _ in range(2))
    assert taken(queue, "batch") is batch
    assert taken(queue, "batch", made=[batch]) is None
    assert taken(queue, "batch") is again


def test_pictures_that_are_denoised_at_once_wait_until_the_first_of_them_has_drawn_all(queue):
    first, second, third, other = [
        added(queue, part_of=BATCH, request=one.request) for one in of_groups("aaab")
    ]
    assert taken(queue) is first
    first.draws_group = True
    assert taken(queue, made=[first]) is other
    assert taken(queue, made=[first, other]) is None
    first.draws_group = False
    assert taken(queue, made=[first, other]) is second
    assert taken(queue, made=[other, second]) is third  # a cached one keeps nobody waiting


def test_what_is_put_back_comes_first_and_what_is_moved_where_it_is_wanted(queue):
    first, second = added(queue), added(queue)
    assert taken(queue) is first
    queue.put_back([first])
    assert queue.waiting == [first, second]
    assert queue.move(second.name, 0)
    assert queue.waiting == [second, first]
    assert not queue.move("nothing", 0)
    assert queue.remove(second)
    assert not queue.remove(second)


def test_ended_jobs_are_known_the_newest_first_and_not_for_ever(queue, monkeypatch):
    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    jobs = []
    for _ in range(3):
        jobs.append(added(queue))
        assert taken(queue) is jobs[-1]
        ended(queue, jobs[-1])
    assert queue.over() == [jobs[2], jobs[1]]
    assert queue.ended(jobs[0].name) is None
    assert queue.ended(jobs[2].name) is jobs[2]


def test_a_closed_one_takes_nothing_more(queue):
    queue.close()
    with pytest.raises(WorkbenchClosedError, match="start a new one"):
        added(queue)
