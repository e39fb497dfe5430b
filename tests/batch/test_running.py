"""A batch that runs on its own thread: watched, waited for, and stopped."""

import threading

import pytest

from medialab import PipelineConfig, Workbench
from medialab.batch.metrics import METRICS
from medialab.errors import BatchError, CancelledError

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
SOON = 120


def test_it_begins_at_once_and_tells_what_it_made(bench):
    batch = bench.sweep(BASE, {"seed": [1, 2, 1]}, name="poster")
    seen = []

    run = batch.start(lambda row, state: seen.append((row, state["state"])))

    assert run.wait(SOON)
    assert (run.state, run.error) == ("done", None)
    assert (run.done, run.total, run.failed) == (3, 3, 0)
    assert run.rows == [0, 1]
    assert seen == [(0, "done"), (1, "done")]
    assert {*batch.table["status"]} == {"done"}


def test_a_run_counts_what_was_made_before(bench):
    bench.sweep(BASE, {"seed": [1, 2]}, name="poster").run()

    run = bench.batch("poster").start()

    assert run.wait(SOON)
    assert (run.done, run.total, run.rows) == (2, 2, [])


def test_a_cancelled_run_stops_within_a_step_and_leaves_the_journal_true(bench):
    long = BASE.changed(steps=150)
    batch = bench.sweep(long, {"seed": [1, 2, 3]}, name="poster")
    steps, stepped = [], threading.Event()

    def hear(_row, event):
        if event.kind == "step":
            steps.append(event.step)
            stepped.set()

    run = batch.start(on_event=hear)
    assert stepped.wait(SOON)
    run.cancel()

    assert run.wait(SOON)
    assert run.state == "stopped"
    assert isinstance(run.error, CancelledError)
    assert max(steps) < 150
    assert {*batch.table["status"]} == {"waiting"}
    assert bench.artifacts.find() == []
    assert bench.executor.jobs() == []
    assert run.jobs == []


def test_a_run_that_is_cancelled_while_it_measures_ends_at_the_next_picture(bench, monkeypatch):
    measured = []
    once = METRICS["sharpness"]

    def measure(image, about):
        measured.append(image)
        run.cancel()
        return once.measure(image, about)

    batch = bench.sweep(BASE, {"seed": "1-3"}, name="poster", metrics=["sharpness"])
    with monkeypatch.context() as machine:
        machine.setitem(METRICS, "sharpness", type(once)(measure, once.meaning))
        run = batch.start()
        assert run.wait(SOON)
    assert (run.state, run.done, len(measured)) == ("stopped", 3, 1)
    assert isinstance(run.error, CancelledError)
    assert "measure the others" in str(run.error)
    assert batch.table["sharpness"].isna().sum() == 2

    again = bench.batch("poster")
    assert again.run().table["sharpness"].isna().sum() == 0
    lines = batch.measured.file.read_text().splitlines()
    assert sum('"values"' in line for line in lines) == 3


def test_a_run_that_is_cancelled_when_all_is_made_and_measured_is_done(bench):
    bench.sweep(BASE, {"seed": [1]}, name="poster", metrics=["sharpness"]).run()
    run = bench.batch("poster").start()
    run.cancel()
    assert run.wait(SOON)
    assert run.state == "done"


def test_a_stopped_run_goes_on_with_the_same_bytes(bench, tiny_models, tmp_path):
    batch = bench.sweep(BASE, {"seed": "1-4"}, name="poster")
    run = batch.start(lambda *_: run.cancel())
    run.wait()
    assert 1 <= len(bench.artifacts.find()) < 4

    batch.run()

    with Workbench(tiny_models, tmp_path / "alone", device="cpu") as other:
        for row in range(4):
            expected = other.execute(BASE.changed(seed=row + 1)).artifact.path.read_bytes()
            made = bench.artifacts.folder / batch.table["path"][row]
            assert made.read_bytes() == expected
    assert len(bench.artifacts.find()) == 4


def test_an_error_that_ends_it_is_told(bench):
    batch = bench.sweep(BASE.changed(checkpoint="gone"), {"seed": "1-9"}, name="poster")

    run = batch.start()

    assert run.wait(SOON)
    assert run.state == "failed"
    assert isinstance(run.error, BatchError)
    assert (run.done, run.failed, run.total) == (3, 3, 9)
    with pytest.raises(BatchError, match="3 pictures in a row"):
        run.result()


def test_a_second_run_of_the_same_batch_is_refused(bench):
    batch = bench.sweep(BASE.changed(steps=150), {"seed": [1, 2]}, name="poster")
    started = threading.Event()
    run = batch.start(on_event=lambda *_: started.set())
    assert started.wait(SOON)

    other = bench.batch("poster").start()

    assert other.wait(SOON)
    assert isinstance(other.error, BatchError)
    assert "being made" in str(other.error)
    run.cancel()
    assert run.wait(SOON)


def test_closing_the_workbench_stops_the_batch_and_fails_no_row(tiny_models, tmp_path):
    with Workbench(tiny_models, tmp_path, device="cpu") as bench:
        batch = bench.sweep(BASE.changed(steps=20), {"seed": "1-9"}, name="poster")
        started = threading.Event()
        run = batch.start(on_event=lambda *_: started.set())
        assert started.wait(SOON)
    assert run.wait(SOON)
    assert run.state == "stopped"
    assert "failed" not in {*batch.table["status"]}


def test_a_callback_that_fails_stops_the_batch_and_is_told(bench):
    batch = bench.sweep(BASE, {"seed": "1-4"}, name="poster")

    def wrong(row, _state):
        raise ZeroDivisionError(row)

    with pytest.raises(ZeroDivisionError):
        batch.run(wrong)
    run = batch.start(wrong)
    assert run.wait(SOON)
    assert (run.state, type(run.error)) == ("failed", ZeroDivisionError)
    assert bench.executor.jobs() == []
