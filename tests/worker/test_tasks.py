"""What a worker's process does with its tasks, and what it tells of them.

That it makes pictures as every executor does is in tests/runs/test_executor.py.
"""

import threading
from queue import SimpleQueue

import pytest

from medialab import PipelineConfig
from medialab.batch.metrics import METRICS
from medialab.batch.metrics.measured import Measured
from medialab.runs.request import Request
from medialab.worker.tasks import Tasks

SOON = 60
BASE = PipelineConfig(prompt="a red ball", steps=1, width=64, height=64)


class Worker:
    """The tasks of a workbench, and what is told of them."""

    def __init__(self, bench, unsaved):
        self.told = SimpleQueue()
        self.tasks = Tasks(bench, self.told.put, unsaved)

    def end_of(self, task):
        """Wait for the last event of a task and return it."""
        while True:
            event = self.told.get(timeout=SOON)["event"]
            if event["job"] == task and event["kind"] in {"done", "failed", "cancelled"}:
                return event


@pytest.fixture
def worker(bench, tmp_path):
    made = Worker(bench, tmp_path / "unsaved")
    yield made
    made.tasks.close()


@pytest.fixture
def slow(monkeypatch):
    """Holds `sharpness` at the first picture until `goes_on` is set; `begun` tells that."""

    class Slow:
        begun, goes_on = threading.Event(), threading.Event()

    once = METRICS["sharpness"]

    def measure(image, about):
        Slow.begun.set()
        assert Slow.goes_on.wait(SOON)
        return once.measure(image, about)

    monkeypatch.setitem(METRICS, "sharpness", type(once)(measure, once.meaning))
    return Slow


def batch_of_three(bench):
    batch = bench.sweep(BASE, {"seed": "1-3"}, name="poster").run()
    batch.measured.ask("sharpness")
    return batch


def measured(batch):
    found = Measured(batch.journal.folder, batch.bench.registry)
    return found.columns([state["sha256"] for state in batch.states()])["sharpness"]


def test_measuring_that_is_cancelled_ends_at_the_next_picture_and_goes_on_later(
    bench, worker, slow
):
    batch = batch_of_three(bench)
    worker.tasks.take({"measure": "poster", "task": "one"})
    worker.tasks.take({"measure": "poster", "task": "two"})
    assert slow.begun.wait(SOON)
    for task in ("one", "two"):
        worker.tasks.take({"cancel": task, "keep": False})
    slow.goes_on.set()
    ends = [worker.end_of(task) for task in ("one", "two")]
    assert [(one["kind"], one["error"]["kind"]) for one in ends] == [
        ("cancelled", "CancelledError")
    ] * 2
    assert [one is None for one in measured(batch)] == [False, True, True]
    worker.tasks.take({"measure": "poster", "task": "three"})
    assert worker.end_of("three")["kind"] == "done"
    assert None not in measured(batch)


def test_a_process_that_ends_measures_one_picture_more_and_no_other(bench, tmp_path, slow):
    batch = batch_of_three(bench)
    worker = Worker(bench, tmp_path / "unsaved")
    worker.tasks.take({"measure": "poster", "task": "one"})
    assert slow.begun.wait(SOON)
    closing = threading.Thread(target=worker.tasks.close)
    closing.start()
    assert worker.tasks._measured["one"].wait(SOON)  # it is told to stop, and is not through
    slow.goes_on.set()
    closing.join(SOON)
    assert worker.end_of("one")["kind"] == "cancelled"
    assert [one is None for one in measured(batch)] == [False, True, True]


def test_a_picture_that_cannot_be_handed_on_is_a_task_that_fails_and_the_next_is_made(
    worker, tmp_path
):
    request = Request(BASE, save=False).as_json()
    (tmp_path / "unsaved").write_text("no folder")
    worker.tasks.take({"make": request, "task": "one"})
    end = worker.end_of("one")
    assert (end["kind"], end["error"]["kind"]) == ("failed", "ArtifactError")
    assert str(tmp_path) not in end["error"]["message"]
    (tmp_path / "unsaved").unlink()
    worker.tasks.take({"make": request, "task": "two"})
    assert worker.end_of("two")["kind"] == "done"
