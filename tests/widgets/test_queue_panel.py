"""The queue panel shows every job of the workbench, and stops, moves and forgets them."""

import threading

import pytest
from ipywidgets.widgets import widget as widget_module

from widgets.queue_panel import QueuePanel

SOON = 30


@pytest.fixture
def panel(bench):
    made = QueuePanel(bench, lambda error, trace: pytest.fail(trace))
    stop = bench.executor.listen(made.take)
    yield made
    stop()


@pytest.fixture
def gate(bench, panel):
    """Holds a first job, "first", on the worker until the test opens it."""
    event, started = threading.Event(), threading.Event()

    def work(job):
        started.set()
        while not event.wait(0.01):
            job.check()

    bench.executor.queue.submit(work, label="first")
    assert started.wait(SOON)
    yield event
    event.set()


def texts(panel):
    return [getattr(row, "text", row).value for row in panel.list.children]


def states(panel):
    return [
        (text.split('data-state="')[1].split('"')[0], text.split('title="')[1].split('"')[0])
        for text in texts(panel)
    ]


def test_an_empty_queue_says_what_to_do(panel):
    assert "Press Generate" in texts(panel)[0]
    assert panel.cancel_all.disabled


def test_running_and_waiting_jobs_have_a_row_each_in_their_order(panel, bench, gate):
    bench.executor.queue.submit(lambda job: 1, label="second <b>")
    assert states(panel) == [("running", "first"), ("queued", "second &lt;b&gt;")]
    assert not panel.cancel_all.disabled


def test_one_that_waits_is_cancelled_and_its_row_goes(panel, bench, gate):
    job = bench.executor.queue.submit(lambda job: 1, label="second")
    panel.list.children[1].cancel.click()
    assert job.state == "cancelled"
    assert states(panel) == [("running", "first")]


def test_one_is_moved_up_and_the_ends_cannot_be_passed(panel, bench, gate):
    for label in ("second", "third"):
        bench.executor.queue.submit(lambda job: 1, label=label)
    first, second, third = panel.list.children
    assert [row.up.disabled for row in (first, second, third)] == [True, True, False]
    assert [row.down.disabled for row in (first, second, third)] == [True, False, True]
    third.up.click()
    assert [label for _, label in states(panel)] == ["first", "third", "second"]
    panel.list.children[1].down.click()
    assert [label for _, label in states(panel)] == ["first", "second", "third"]


def test_cancel_all_leaves_nothing(panel, bench, gate):
    jobs = [bench.executor.queue.submit(lambda job: 1) for _ in range(3)]
    panel.cancel_all.click()
    assert {job.state for job in jobs} == {"cancelled"}
    first = bench.executor.queue.submit(lambda job: 1)
    first.result(SOON)
    assert "Press Generate" in texts(panel)[0]


def test_a_failed_job_stays_with_its_reason_until_it_is_read_and_the_next_ran(panel, bench):
    def fail(job):
        message = "no <such> thing"
        raise KeyError(message)

    failed = bench.executor.queue.submit(fail, label="bad")
    following = bench.executor.queue.submit(lambda job: 1)
    with pytest.raises(KeyError):
        failed.result(SOON)
    following.result(SOON)
    assert states(panel) == [("failed", "bad")]
    assert "no &lt;such&gt; thing" in texts(panel)[0]
    panel.list.children[0].cancel.click()
    assert "Press Generate" in texts(panel)[0]


def test_rows_are_used_again(panel, bench):
    for _ in range(2):
        bench.executor.queue.submit(lambda job: 1).result(SOON)
    before = len(widget_module._instances)
    for _ in range(5):
        bench.executor.queue.submit(lambda job: 1).result(SOON)
    assert len(widget_module._instances) == before


def test_a_stopped_queue_says_why_and_makes_the_rest_when_asked(bench, panel, gate):
    full = [True]

    def work(_job):
        if full[0]:
            message = "No space left on device"
            raise OSError(message)

    assert panel.stopped.layout.display == "none"
    jobs = [bench.executor.queue.submit(work, label=f"picture {n}") for n in range(5)]
    gate.set()
    assert jobs[-1].error(SOON) is not None
    assert panel.stopped.layout.display is None
    said = panel.stopped.children[0].value
    assert "3 in a row failed for the same reason, and 2 pictures were not started" in said
    assert "No space left on device" in said
    full[0] = False
    panel.resume.click()
    again = bench.executor.jobs()
    assert all(job.error(SOON) is None for job in again)
    panel.draw()
    assert panel.stopped.layout.display == "none"


def test_stopped_pictures_can_be_left(bench, panel, gate):
    def work(_job):
        message = "full"
        raise OSError(message)

    jobs = [bench.executor.queue.submit(work) for _ in range(4)]
    gate.set()
    assert jobs[-1].error(SOON) is not None
    panel.forget.click()
    assert bench.executor.stopped == []
    assert panel.stopped.layout.display == "none"
