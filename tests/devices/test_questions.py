"""A device's process is asked, and answers; one that dies is asked no more, and another is."""

import os
import signal
import threading

import pytest

from medialab import PipelineConfig, Workbench
from medialab.devices.executor import DevicesExecutor
from medialab.devices.process import WorkerProcess
from medialab.devices.questions import Questions
from medialab.errors import ModelNotFoundError, WorkbenchClosedError, WorkerEndedError

QUICK = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


def test_a_process_resolves_as_the_workbench_and_another_when_it_is_killed(tiny_models, tmp_path):
    with (
        Workbench(tiny_models, tmp_path / "one", "cpu") as bench,
        Workbench(tiny_models, tmp_path / "two", devices="cpu") as two,
    ):
        executor = two.executor
        assert executor.resolve(QUICK) == bench.resolve(QUICK)
        with pytest.raises(ModelNotFoundError, match="nothing"):
            executor.resolve(QUICK.changed(checkpoint="nothing"))
        os.kill(executor.pids[0], signal.SIGKILL)
        assert executor.resolve(QUICK) == bench.resolve(QUICK)


def break_python(process, monkeypatch, folder):
    """Let Python itself not come up in what this process starts, as in a damaged installation."""
    spawn = WorkerProcess._spawn

    def spawned(self, writer):
        with monkeypatch.context() as patched:
            if self is process:
                patched.setenv("PYTHONHOME", str(folder))
            return spawn(self, writer)

    monkeypatch.setattr(WorkerProcess, "_spawn", spawned)


@pytest.mark.thorough
def test_a_question_is_given_up_where_a_process_that_was_there_starts_no_more(
    tiny_models, tmp_path, monkeypatch
):
    with Workbench(tiny_models, tmp_path / "outputs", devices="cpu") as bench:
        executor = bench.executor
        asked = executor.resolve(QUICK)
        break_python(executor.devices[0].process, monkeypatch, tmp_path)
        os.kill(executor.pids[0], signal.SIGKILL)
        with pytest.raises(WorkerEndedError, match="before it was ready, 3 times"):
            executor.resolve(QUICK)
        assert executor.statistics.deaths <= 1 + 2 * 3
        monkeypatch.undo()
        assert executor.resolve(QUICK) == asked


@pytest.mark.thorough
def test_another_device_is_asked_where_the_first_one_does_not_start(
    tiny_models, tmp_path, monkeypatch
):
    with Workbench(tiny_models, tmp_path / "outputs", devices="cpu,cpu") as bench:
        first, second = bench.executor.devices
        break_python(first.process, monkeypatch, tmp_path)
        assert bench.executor.resolve(QUICK).seed == QUICK.seed
        assert (first.is_gone, second.is_gone) == (True, False)
        assert bench.executor.statistics.deaths == 3


class Dying:
    """A device whose process dies of each question, as far as whoever asks can see."""

    jobs = ()

    def __init__(self):
        self.process, self.asked = self, []
        self.is_ready = True

    def send(self, message):
        self.asked.append(message)
        error = WorkerEndedError("died of it")
        threading.Timer(0.01, lambda: questions_of[self].fail(self, error)).start()
        return True


questions_of = {}


def test_a_question_of_which_three_processes_died_is_given_up():
    device = Dying()
    questions_of[device] = Questions([device], lambda: None)
    with pytest.raises(WorkerEndedError, match="died of it"):
        questions_of[device].ask({"resolve": "x"})
    assert [one["resolve"] for one in device.asked] == ["x"] * 3
    assert len({one["ask"] for one in device.asked}) == 3


def test_an_answer_that_nobody_waits_for_is_passed_over():
    Questions([], lambda: None).answer({"answer": 7, "config": {}})


def test_one_that_is_closed_is_asked_nothing(tmp_path):
    executor = DevicesExecutor([tmp_path], tmp_path, ["cpu"])
    executor.close()
    with pytest.raises(WorkbenchClosedError):
        executor.resolve(QUICK)
