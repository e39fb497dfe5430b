"""Jobs run one by one in the background, tell what happens, and can be stopped."""

import gc
import linecache
import sys
import threading
import weakref
from concurrent.futures import Future

import pytest

from medialab.errors import CancelledError, MediaLabError, QueueStoppedError, WorkbenchClosedError
from medialab.process import jobs as process_jobs
from medialab.process import queue as process_queue
from medialab.process.jobs import Unfinished
from medialab.process.queue import JobQueue

SOON = 10  # seconds; what is waited for takes milliseconds


@pytest.fixture
def queue():
    queue = JobQueue()
    yield queue
    queue.close()


@pytest.fixture
def gate(queue):
    """An event that holds a first job on the worker until the test opens it."""
    event = threading.Event()
    started = threading.Event()
    queue.submit(lambda job: (started.set(), event.wait(SOON)))
    assert started.wait(SOON)
    yield event
    event.set()


def test_a_job_returns_what_its_work_returns(queue):
    assert queue.submit(lambda job: 6 * 7).result(SOON) == 42


def test_the_worker_prepares_first_and_submitting_does_not_wait_for_it():
    order, ready = [], threading.Event()
    queue = JobQueue(prepare=lambda: (ready.wait(SOON), order.append("prepared")))
    job = queue.submit(lambda job: order.append("worked"))
    assert order == []
    ready.set()
    job.result(SOON)
    assert order == ["prepared", "worked"]
    queue.close()


def test_a_failed_preparation_is_the_jobs_error():
    def prepare():
        message = "no torch here"
        raise ImportError(message)

    queue = JobQueue(prepare)
    with pytest.raises(ImportError, match="no torch here"):
        queue.submit(lambda job: 1).result(SOON)
    queue.close()


def test_jobs_run_in_order_on_one_thread(queue):
    jobs = [queue.submit(lambda job: threading.current_thread().name) for _ in range(5)]
    assert len({job.result(SOON) for job in jobs}) == 1
    assert jobs[0].result() != threading.current_thread().name


def test_events_tell_the_whole_story(queue):
    events = []
    queue.listen(events.append)
    queue.submit(lambda job: 1).result(SOON)
    with pytest.raises(ZeroDivisionError):
        queue.submit(lambda job: 1 / 0).result(SOON)
    assert [(event.kind, event.job) for event in events] == [
        ("queued", "job 1"),
        ("started", "job 1"),
        ("done", "job 1"),
        ("queued", "job 2"),
        ("started", "job 2"),
        ("failed", "job 2"),
    ]
    assert isinstance(events[-1].error, ZeroDivisionError)


def test_a_listener_that_was_taken_off_hears_nothing_more(queue):
    events = []
    stop = queue.listen(events.append)
    stop()
    queue.submit(lambda job: 1).result(SOON)
    assert events == []


def test_a_failed_job_raises_its_error_keeps_its_traceback_and_the_next_one_runs(queue):
    def fail(job):
        message = "no such checkpoint"
        raise MediaLabError(message)

    failed, following = queue.submit(fail), queue.submit(lambda job: "went on")
    with pytest.raises(MediaLabError, match="no such checkpoint"):
        failed.result(SOON)
    assert "in fail" in failed.traceback
    assert failed.state == "failed"
    assert following.result(SOON) == "went on"


def test_a_failed_job_keeps_none_of_its_work_alive(queue):
    class Tensor:
        pass

    alive = []

    def fail(job):
        tensor = Tensor()
        alive.append(weakref.ref(tensor))
        try:
            raise KeyError(tensor.missing)
        except AttributeError as error:
            message = "wrapped"
            raise MediaLabError(message) from error

    job = queue.submit(fail)
    with pytest.raises(MediaLabError):
        job.result(SOON)
    gc.collect()
    assert alive[0]() is None


def test_a_waiting_job_that_is_cancelled_never_starts(queue, gate):
    ran = []
    job = queue.submit(lambda job: ran.append(1))
    job.cancel()
    gate.set()
    with pytest.raises(CancelledError):
        job.result(SOON)
    assert ran == []
    assert job.state == "cancelled"


def test_a_running_job_stops_at_its_next_check(queue):
    running = threading.Event()

    def work(job):
        running.set()
        while True:
            job.check()

    job = queue.submit(work)
    assert running.wait(SOON)
    job.cancel()
    with pytest.raises(CancelledError):
        job.result(SOON)


def test_closing_cancels_everything_and_ends_the_thread(gate, queue):
    waiting = [queue.submit(lambda job: 1) for _ in range(3)]
    gate.set()
    queue.close()
    assert [job.state for job in waiting] == ["cancelled"] * 3
    assert not [t for t in threading.enumerate() if t.name.startswith("medialab")]


def test_a_closed_queue_takes_no_job_and_says_what_to_do(queue):
    queue.close()
    with pytest.raises(MediaLabError, match="closed; make a new one"):
        queue.submit(lambda job: 1)


def test_a_waiting_job_that_is_cancelled_leaves_the_queue_at_once(queue, gate):
    events = []
    queue.listen(lambda event: events.append((event.kind, event.job)))
    job = queue.submit(lambda job: 1)
    job.cancel()
    assert events[-1] == ("cancelled", job.name)
    with pytest.raises(CancelledError):
        job.result(0)
    assert job not in queue.jobs()
    assert job.started is None


def test_jobs_lists_the_running_one_first_and_by_label(queue, gate):
    queue.submit(lambda job: 1, label="a cat", request={"seed": 7})
    running, waiting = queue.jobs()
    assert (running.state, waiting.state) == ("running", "queued")
    assert (running.label, waiting.label) == (running.name, "a cat")
    assert waiting.request == {"seed": 7}
    assert queue.find(waiting.name) is waiting
    assert queue.find("job 99") is None


def test_a_job_that_is_moved_to_the_front_runs_next(queue, gate):
    order = []
    jobs = [queue.submit(lambda job: order.append(job.name)) for _ in range(3)]
    queue.move(jobs[2], 0)
    assert queue.jobs()[1:] == [jobs[2], jobs[0], jobs[1]]
    gate.set()
    for job in jobs:
        job.result(SOON)
    assert order == [jobs[2].name, jobs[0].name, jobs[1].name]


def test_moving_the_running_job_changes_nothing(queue, gate):
    waiting = queue.submit(lambda job: 1)
    before = queue.jobs()
    queue.move(before[0], 5)
    assert queue.jobs() == before
    assert before[1] is waiting


def test_cancel_all_stops_the_running_job_and_empties_the_queue(queue):
    running = threading.Event()

    def work(job):
        running.set()
        while True:
            job.check()

    jobs = [queue.submit(work), queue.submit(lambda job: 1)]
    assert running.wait(SOON)
    queue.cancel_all()
    for job in jobs:
        with pytest.raises(CancelledError):
            job.result(SOON)
    assert queue.jobs() == []


def test_a_job_knows_how_long_it_ran(queue):
    job = queue.submit(lambda job: job.started)
    started = job.result(SOON)
    assert job.seconds == job.ended - started
    assert job.seconds >= 0


def test_a_job_starts_only_when_everybody_was_told_of_it(queue):
    events, told = [], threading.Event()

    def listen(event):
        if event.kind == "queued":
            told.wait(0.05)
        events.append(event.kind)

    queue.listen(listen)
    queue.submit(lambda job: 1).result(SOON)
    assert events == ["queued", "started", "done"]


def fails(why):
    def work(_job):
        raise OSError(why)

    return work


def test_a_failure_that_hits_each_job_stops_the_queue_after_three(queue, gate):
    jobs = [queue.submit(fails("disk full"), label=f"{n}") for n in range(6)]
    gate.set()
    assert [type(job.error(SOON)) for job in jobs] == [OSError] * 3 + [QueueStoppedError] * 3
    assert str(jobs[3].error()) == (
        f"{jobs[3].name} was not started: {jobs[2].name} and the 2 before it failed for "
        "the same reason (disk full); fix it, then run this again"
    )
    assert [job.state for job in jobs[3:]] == ["cancelled"] * 3
    assert queue.stopped == jobs[3:]
    assert queue.jobs() == []


def test_failures_are_alike_whatever_files_and_numbers_they_tell(queue, gate):
    told = [f"day/{n}.png: needs 18.5 GB, {n}.{n} are free" for n in range(5)]
    jobs = [queue.submit(fails(text)) for text in told]
    gate.set()
    assert [type(job.error(SOON)) for job in jobs] == [OSError] * 3 + [QueueStoppedError] * 2


def test_a_failure_that_differs_and_a_success_begin_the_count_anew(queue, gate):
    works = [fails("full"), fails("full"), fails("other"), fails("full"), fails("full")]
    works += [lambda job: 1, fails("full"), fails("full"), lambda job: 2]
    jobs = [queue.submit(work) for work in works]
    gate.set()
    succeeded = [job.error(SOON) is None for job in jobs]
    assert succeeded == [False] * 5 + [True, False, False, True]
    assert queue.stopped == []


def test_a_cancelled_job_neither_counts_nor_begins_the_count_anew(queue, gate):
    def cancelled(job):
        job.cancel()
        job.check()

    works = [fails("full"), cancelled, fails("full"), fails("full"), lambda job: 1]
    jobs = [queue.submit(work) for work in works]
    gate.set()
    assert isinstance(jobs[-1].error(SOON), QueueStoppedError)


def test_failures_of_before_are_no_part_of_a_new_queue(queue):
    for _ in range(5):
        assert queue.submit(fails("full")).error(SOON) is not None
    ready = threading.Event()
    queue.submit(lambda job: ready.wait(SOON))
    jobs = [queue.submit(fails("full")) for _ in range(3)]
    ready.set()
    assert [type(job.error(SOON)) for job in jobs] == [OSError] * 3


def test_the_same_failure_at_each_jobs_own_file_is_the_same(queue, gate):
    jobs = [queue.submit(fails(f"no room for '/outputs/{n}.png'")) for n in range(4)]
    gate.set()
    assert isinstance(jobs[-1].error(SOON), QueueStoppedError)


def test_a_stopped_queue_takes_new_jobs_and_resumes_the_old_ones(queue, gate):
    full = [True]

    def work(_job):
        if full[0]:
            message = "disk full"
            raise OSError(message)
        return "made"

    jobs = [queue.submit(work, label=f"{n}", request=n) for n in range(5)]
    gate.set()
    assert isinstance(jobs[-1].error(SOON), QueueStoppedError)
    full[0] = False
    assert queue.submit(work).result(SOON) == "made"
    again = queue.resume()
    assert [(job.label, job.request, job.result(SOON)) for job in again] == [
        ("3", 3, "made"),
        ("4", 4, "made"),
    ]
    assert queue.stopped == queue.resume() == []


def test_each_has_its_try_where_the_queue_does_not_stop(queue, gate):
    queue.stops_alike = False
    jobs = [queue.submit(fails("full")) for _ in range(5)]
    gate.set()
    assert [type(job.error(SOON)) for job in jobs] == [OSError] * 5


def test_everybody_is_told_of_a_stop(queue, gate):
    heard = []
    stop = queue.listen(lambda event: heard.append((event.kind, event.job)))
    jobs = [queue.submit(fails("full")) for _ in range(4)]
    gate.set()
    assert jobs[-1].error(SOON) is not None
    assert ("cancelled", jobs[-1].name) in heard
    stop()


def test_a_paused_queue_finishes_what_runs_and_begins_nothing_until_it_goes_on(queue, gate):
    order = []
    first, second = (queue.submit(lambda job, n=n: order.append(n)) for n in (1, 2))
    queue.pause()
    assert queue.is_paused
    gate.set()
    third = queue.submit(lambda job: order.append(3))
    while len(queue.jobs()) > 3:
        threading.Event().wait(0.001)
    assert [job.state for job in (first, second, third)] == ["queued"] * 3
    queue.move(third, 0)
    queue.go_on()
    second.result(SOON)
    assert order == [3, 1, 2]
    assert not queue.is_paused


def test_whoever_listens_hears_that_the_queue_was_moved_paused_or_dismissed(queue, gate):
    heard = []
    job, _ = queue.submit(lambda job: 1), queue.submit(lambda job: 2)
    queue.listen(lambda event: heard.append((event.kind, event.job)))
    for act in (lambda: queue.move(job, 1), queue.pause, queue.go_on, queue.dismiss_stopped):
        act()
        assert heard.pop() == ("queue", "")
        assert heard == []


def test_a_job_is_told_whether_to_keep_what_is_there(queue, gate):
    job = queue.submit(lambda job: 1)
    job.cancel()
    assert not job.keeps_unfinished
    job.cancel(keep=True)
    assert job.keeps_unfinished


class Rest:
    """What is left of a job's work, done when a test says so."""

    def __init__(self):
        self.future, self.error, self.value = Future(), None, "files"
        self.begun = threading.Event()

    def __call__(self, _job):
        self.begun.set()
        return Unfinished(self.future, self.result)

    def result(self):
        if self.error is not None:
            raise self.error
        return self.value


def test_the_next_job_begins_while_the_rest_of_one_goes_on(queue):
    events, rest = [], Rest()
    queue.listen(lambda event: events.append((event.kind, event.job)))
    first = queue.submit(rest)
    second = queue.submit(lambda job: "drawn")
    assert second.result(SOON) == "drawn"
    assert (first.state, queue.jobs()) == ("running", [first])
    assert ("done", first.name) not in events
    rest.future.set_result(None)
    assert first.result(SOON) == "files"
    assert (first.state, queue.jobs()) == ("done", [])
    assert [kind for kind, name in events if name == first.name] == ["queued", "started", "done"]
    assert events[-1] == ("done", first.name)


def test_that_the_next_job_may_begin_is_told_for_a_rest_alone(queue):
    told, rest = [], Rest()
    queue.goes_on_elsewhere = told.append
    queue.submit(lambda job: "whole").result(SOON)
    first = queue.submit(rest)
    queue.submit(lambda job: "after it").result(SOON)
    assert told == [first]
    assert first.state == "running"
    rest.future.set_result(None)
    assert first.result(SOON) == "files"


def test_a_rest_that_fails_is_its_own_jobs_error_and_the_next_ones_go_on(queue):
    rest = Rest()
    rest.error = MediaLabError("the disk is full")
    first, second = queue.submit(rest), queue.submit(lambda job: "drawn")
    rest.future.set_result(None)
    with pytest.raises(MediaLabError, match="the disk is full"):
        first.result(SOON)
    assert (first.state, second.result(SOON)) == ("failed", "drawn")


def test_rests_that_fail_alike_stop_the_queue_as_jobs_do(queue, gate):
    rests = [Rest() for _ in range(3)]
    for rest in rests:
        rest.error = MediaLabError("the disk is full")
        rest.future.set_result(None)
    jobs = [queue.submit(one) for one in (*rests, lambda job: "drawn")]
    gate.set()
    with pytest.raises(QueueStoppedError, match="the disk is full"):
        jobs[-1].result(SOON)


def test_closing_waits_for_the_rest_of_what_was_made():
    queue, rest, closed = JobQueue(), Rest(), threading.Event()
    job = queue.submit(rest)
    assert rest.begun.wait(SOON)
    closing = threading.Thread(target=lambda: (queue.close(), closed.set()))
    closing.start()
    assert not closed.wait(0.2)
    rest.future.set_result(None)
    assert closed.wait(SOON)
    closing.join()
    assert job.result(0) == "files"


class OfTornTask(BaseException):
    """As asyncio's CancelledError: `except Exception` does not hold it."""


@pytest.mark.parametrize("where", ["work", "started", "done"])
@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, OfTornTask])
def test_no_error_of_any_kind_leaves_a_job_without_an_end_or_the_queue_without_a_turn(
    queue, where, kind
):
    def work(_job):
        if where == "work":
            raise kind
        return 1

    def hear(event):
        if event.kind == where:
            raise kind

    forget = queue.listen(hear)
    job = queue.submit(work)
    error = job.error(SOON)
    assert (type(error) is kind) == (where != "done")
    forget()
    assert queue.submit(lambda _job: 2).result(SOON) == 2
    assert queue.jobs() == []


def lines_of(function, *modules):
    """How many lines of these files a call runs on this thread."""
    return interrupted(function, modules, None)[1]


def interrupted(function, modules, at):
    """Call a function, and raise KeyboardInterrupt before line `at` of those it runs.

    Returns:
        Its result, or None if it was interrupted; and how many lines there were until then.
    """
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        if frame.f_code.co_filename not in modules:
            return None
        # The end of a `with` and a `try:` are lines, too, at which Python lets no signal in.
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and not text.startswith(("with ", "try:")):
            count += 1
            if count == at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return function(), count
    except KeyboardInterrupt:
        return None, count
    finally:
        sys.settrace(before)


def test_an_interrupt_at_any_line_of_submit_leaves_no_job_behind_and_the_queue_works(queue):
    ran, files = [], {process_queue.__file__, process_jobs.__file__}
    lines = lines_of(lambda: queue.submit(lambda _job: ran.append(0)).result(SOON), *files)
    assert lines > 10
    for at in range(1, lines + 1):
        ready, begun = threading.Event(), threading.Event()
        first = queue.submit(lambda _job, ready=ready, begun=begun: (begun.set(), ready.wait(SOON)))
        assert begun.wait(SOON)
        job, _ = interrupted(lambda at=at: queue.submit(lambda _job: ran.append(at)), files, at)
        assert queue.jobs() == ([first] if job is None else [first, job]), at
        ready.set()
        assert queue.submit(lambda _job: 7).result(SOON) == 7, at
        assert (at in ran) == (job is not None), at


def test_who_submits_while_the_queue_is_closed_is_refused_or_has_a_job_that_ends():
    """The queue is closed while the listeners of a new job hear of it: the latest moment."""
    queue = JobQueue()
    told, closing = threading.Event(), threading.Thread(target=queue.close)

    def hear(event):
        if event.kind == "queued":
            closing.start()
            told.wait(0.05)  # close cancels what waits, and ends the worker
            closing.join(SOON)

    queue.listen(hear)
    with pytest.raises(CancelledError):
        queue.submit(lambda _job: 1).result(SOON)
    with pytest.raises(WorkbenchClosedError):
        queue.submit(lambda _job: 1)
    queue.go_on()
