"""A device's process is asked, and answers; one that dies is asked no more, and another is."""

import os
import signal
import threading

import pytest

from medialab import PipelineConfig, Workbench
from medialab.devices.executor import DevicesExecutor
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
    questions_of[device] = Questions([device], lambda: False)
    with pytest.raises(WorkerEndedError, match="died of it"):
        questions_of[device].ask({"resolve": "x"})
    assert [one["resolve"] for one in device.asked] == ["x"] * 3
    assert len({one["ask"] for one in device.asked}) == 3


def test_an_answer_that_nobody_waits_for_is_passed_over():
    Questions([], lambda: False).answer({"answer": 7, "config": {}})


def test_one_that_is_closed_is_asked_nothing(tmp_path):
    executor = DevicesExecutor([tmp_path], tmp_path, ["cpu"])
    executor.close()
    with pytest.raises(WorkbenchClosedError):
        executor.resolve(QUICK)
