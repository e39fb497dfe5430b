"""The queue's rows show every job of the workbench, and stop, move, retry and forget them."""

import threading
import time
from types import SimpleNamespace

import pytest

from medialab import PipelineConfig
from medialab.errors import CancelledError
from medialab.runs.request import Request
from widgets.foot import Foot
from widgets.queue_rows import BatchRow, QueueRows

SOON = 30


@pytest.fixture
def retried():
    return []


@pytest.fixture
def batches():
    """The batches that are being made, and what was asked of them."""
    return SimpleNamespace(rows=[], asked=[])


@pytest.fixture
def foot(bench, retried, batches):
    made = Foot()
    rows = QueueRows(
        bench,
        made,
        retried.append,
        lambda submit: submit(),
        lambda error, trace: pytest.fail(trace),
    )
    rows.watch(lambda: batches.rows, lambda *what: batches.asked.append(what))
    stop = bench.executor.listen(rows.take)
    made.redraw = rows.draw
    yield made
    stop()


@pytest.fixture
def gate(bench, foot):
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


def labels(foot):
    return [row["label"] for row in foot.jobs]


def states(foot):
    return [(row["state"], row["label"]) for row in foot.jobs]


def name_of(foot, label):
    return next(row["name"] for row in foot.jobs if row["label"] == label)


def test_running_and_waiting_jobs_have_a_row_each_in_their_order(foot, bench, gate):
    bench.executor.queue.submit(lambda job: 1, label="second <b>")
    assert states(foot) == [("running", "first"), ("queued", "second <b>")]
    assert foot.jobs[0]["since"] is not None


def test_a_row_tells_jobs_of_the_same_prompt_apart(foot, bench, gate):
    for config in (
        PipelineConfig(prompt="a cat", seed=7),
        PipelineConfig(prompt="a cat", width=64, height=96, batch_size=4),
    ):
        bench.executor.queue.submit(lambda job: 1, label="a cat", request=Request(config))
    facts = [row["facts"] for row in foot.jobs[1:]]
    assert facts[0].startswith("seed 7")
    assert facts[1] == "random seed · 64 × 96 · 4 pictures"


def test_one_that_waits_is_cancelled_and_its_row_goes(foot, bench, gate):
    job = bench.executor.queue.submit(lambda job: 1, label="second")
    foot.act("job", name_of(foot, "second"), "cancel", None)
    assert job.state == "cancelled"
    assert states(foot) == [("running", "first")]


@pytest.mark.parametrize(
    ("do", "place", "order"),
    [
        ("up", None, ["second", "fourth", "third"]),
        ("down", None, ["second", "third", "fourth"]),
        ("front", None, ["fourth", "second", "third"]),
        ("move", 1, ["second", "fourth", "third"]),
        ("move", -5, ["fourth", "second", "third"]),
        ("move", 99, ["second", "third", "fourth"]),
    ],
)
def test_a_waiting_one_is_moved_and_the_ends_cannot_be_passed(foot, bench, gate, do, place, order):
    for label in ("second", "third", "fourth"):
        bench.executor.queue.submit(lambda job: 1, label=label)
    foot.act("job", name_of(foot, "fourth"), do, place)
    assert labels(foot) == ["first", *order]


def test_cancel_all_leaves_nothing(foot, bench, gate):
    jobs = [bench.executor.queue.submit(lambda job: 1) for _ in range(3)]
    foot.act("queue", "cancel all")
    assert {job.state for job in jobs} == {"cancelled"}
    bench.executor.queue.submit(lambda job: 1).result(SOON)
    assert foot.jobs == []


@pytest.mark.parametrize("do", ["retry", "cancel"])
def test_a_failed_job_stays_until_it_is_dismissed_or_tried_again(foot, bench, retried, do):
    def fail(job):
        message = "no <such> thing"
        raise KeyError(message)

    request = Request(PipelineConfig(seed=3))
    failed = bench.executor.queue.submit(fail, label="bad", request=request)
    following = bench.executor.queue.submit(lambda job: 1)
    with pytest.raises(KeyError):
        failed.result(SOON)
    following.result(SOON)
    assert states(foot) == [("failed", "bad")]
    assert "no <such> thing" in foot.jobs[0]["why"]
    foot.act("job", failed.name, do, None)
    assert foot.jobs == []
    assert retried == ([request] if do == "retry" else [])


def test_a_stopped_queue_says_why_and_makes_the_rest_when_asked(bench, foot, gate):
    full = [True]

    def work(_job):
        if full[0]:
            message = "No space left on device"
            raise OSError(message)

    assert foot.queue["stopped"] is None
    jobs = [bench.executor.queue.submit(work, label=f"picture {n}") for n in range(5)]
    gate.set()
    assert jobs[-1].error(SOON) is not None
    said = foot.queue["stopped"]
    assert "3 in a row failed for the same reason, and 2 pictures were not started" in said["text"]
    assert "No space left on device" in said["why"]
    full[0] = False
    foot.act("queue", "continue")
    again = bench.executor.jobs()
    assert all(job.error(SOON) is None for job in again)
    assert foot.queue["stopped"] is None


def test_stopped_pictures_can_be_discarded(bench, foot, gate):
    def work(_job):
        message = "full"
        raise OSError(message)

    jobs = [bench.executor.queue.submit(work) for _ in range(4)]
    gate.set()
    assert jobs[-1].error(SOON) is not None
    foot.act("queue", "discard")
    assert bench.executor.stopped == []
    assert foot.queue["stopped"] is None


def test_the_queue_is_paused_and_goes_on(foot, bench, gate):
    job = bench.executor.queue.submit(lambda job: 1, label="second")
    foot.act("queue", "pause")
    assert foot.queue["paused"]
    gate.set()
    while bench.executor.find(name_of(foot, "second")) is not None and len(foot.jobs) > 1:
        time.sleep(0.001)
    assert states(foot) == [("queued", "second")]
    foot.act("queue", "go on")
    assert job.result(SOON) == 1
    assert not foot.queue["paused"]


def test_the_running_one_is_stopped_and_kept(foot, bench):
    kept, started = [], threading.Event()

    def work(job):
        started.set()
        try:
            while True:
                job.check()
        except CancelledError:
            kept.append(job.keeps_unfinished)
            raise

    for do in ("keep", "cancel"):
        started.clear()
        job = bench.executor.queue.submit(work, label="first")
        assert started.wait(SOON)
        foot.act("job", name_of(foot, "first"), do, None)
        assert isinstance(job.error(SOON), CancelledError)
    assert kept == [True, False]


def test_a_batch_is_one_row_before_the_others_whatever_jobs_it_has(foot, bench, gate, batches):
    own = bench.executor.queue.submit(lambda job: None, label="the batch's")
    bench.executor.queue.submit(lambda job: None, label="another")
    batches.rows = [BatchRow("poster", 1200, 5000, 3, 60.0, [own.name])]
    foot.redraw()
    labels = [row["label"] for row in foot.jobs]
    assert labels == ["Batch poster", "first", "another"]
    row = foot.jobs[0]
    assert (row["facts"], row["is_batch"]) == ("1,200 of 5,000 made · 3 failed", True)
    assert row["until"] > time.time()
    for do in ("open", "cancel"):
        foot.act("job", row["name"], do, None)
    assert batches.asked == [("poster", "open"), ("poster", "cancel")]
