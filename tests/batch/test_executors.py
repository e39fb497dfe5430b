"""The workbench's own queue as an executor: every cell has an outcome, and others find room."""

from pathlib import Path

import pytest

from medialab import PipelineConfig
from medialab.batch.cells import Cell, Cells
from medialab.batch.executors import QueueExecutor, Work
from medialab.errors import CancelledError, ConfigError

QUICK = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64)
SEEDS = (1, 2, 3, 4)
FOLDER = Path()  # the queue needs none


@pytest.fixture
def cells(bench):
    return Cells(
        [(row, "paperdoll") for row in range(4)],
        lambda row: Cell(row, bench.resolve(QUICK.changed(seed=SEEDS[row]))),
    )


def test_each_cell_is_made_in_order_with_its_events(bench, cells):
    heard = []

    outcomes = list(
        QueueExecutor().make(Work(bench, cells, lambda *told: heard.append(told), FOLDER))
    )

    assert [one.cell.row for one in outcomes] == [0, 1, 2, 3]
    assert [bench.artifacts.load(one.artifact.path).seed for one in outcomes] == [*SEEDS]
    for row in range(4):
        kinds = [event.kind for told, event in heard if told == row]
        assert kinds[0] == "started"
        assert kinds[-1] == "done"
        assert kinds.count("step") >= QUICK.steps


def test_at_most_two_pictures_wait_in_the_queue(bench, cells):
    executor = QueueExecutor()
    queued = []
    made = executor.make(
        Work(bench, cells, lambda *_: queued.append(len(bench.executor.jobs())), FOLDER)
    )

    queued += [len(executor.jobs) for _ in made]

    assert max(queued) == 2
    assert executor.jobs == []


def test_cancelling_reaches_the_running_picture_and_the_waiting_one(bench, cells):
    executor = QueueExecutor()

    def stop(_row, event):
        if event.kind == "step":
            cells.close()
            executor.cancel()

    outcomes = list(executor.make(Work(bench, cells, stop, FOLDER)))

    assert {one.cell.row for one in outcomes} == {0, 1}
    assert {type(one.error) for one in outcomes} == {CancelledError}
    assert bench.artifacts.find() == []


def test_closing_what_it_yields_cancels_and_waits(bench, cells):
    made = QueueExecutor().make(Work(bench, cells, lambda *_: None, FOLDER))

    next(made)
    made.close()

    assert bench.executor.jobs() == []


def test_a_refused_request_is_the_outcome_of_its_cell(bench):
    resolved = bench.resolve(QUICK)
    wrong = resolved.model_copy(update={"steps": 0})
    cells = Cells(
        [(0, "paperdoll"), (1, "paperdoll")], lambda row: Cell(row, (wrong, resolved)[row])
    )

    outcomes = list(QueueExecutor().make(Work(bench, cells, lambda *_: None, FOLDER)))

    by_row = {one.cell.row: one for one in outcomes}
    assert isinstance(by_row[0].error, ConfigError)
    assert by_row[1].artifact is not None


def test_an_executor_serves_another_batch_after_a_cancelled_one(bench, cells):
    executor = QueueExecutor()
    executor.cancel()

    assert [one.error for one in executor.make(Work(bench, cells, lambda *_: None, FOLDER))] == [
        None
    ] * 4
