"""Requests that wait or run are kept on disk, and offered again when their process has died."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab import PipelineConfig, Workbench
from medialab.process.queue import JobQueue
from medialab.runs.executor import KernelExecutor
from medialab.runs.request import Request
from medialab.runs.waiting import WaitingRequests
from tests.examples import examples

SOON = 30
ROOT = Path(__file__).resolve().parents[2]


def request(seed, *, save=True):
    return Request(PipelineConfig(prompt=f"number {seed}", seed=seed), save=save)


class Kernel:
    """A process as far as waiting requests know: an executor whose jobs run one step at a time."""

    def __init__(self, folder):
        self._turn = threading.Semaphore(0)
        self.executor = KernelExecutor(self._make, JobQueue())
        self.waiting = WaitingRequests(folder, self.executor)

    def submit(self, seed, **options):
        return self.executor.submit(request(seed, **options), label=f"number {seed}")

    def finish(self, job):
        self._turn.release()
        job.error(SOON)

    def die(self):
        """As kill -9: nothing more is written, and the locks are gone."""
        self.waiting.close()
        self.executor.close()

    def _make(self, request, job):
        while not self._turn.acquire(timeout=0.005):
            job.check()
        if request.config.seed < 0:
            message = "the disk is full"
            raise OSError(message)
        return request.config.seed


@pytest.fixture
def kernel(tmp_path):
    """Begins a process over the same folder; those that a test leaves are ended."""
    begun = []

    def begin():
        begun.append(Kernel(tmp_path / "waiting"))
        return begun[-1]

    yield begin
    for one in begun:
        one.die()


def seeds(left):
    return [one.request.config.seed for one in left]


def journals(tmp_path):
    return sorted((tmp_path / "waiting").glob("*"))


def test_what_waited_and_ran_is_offered_to_the_next_process_in_its_order(kernel, tmp_path):
    first = kernel()
    jobs = [first.submit(seed) for seed in (1, 2, 3)]
    first.submit(4, save=False)  # an attempt: Live
    first.finish(jobs[0])
    first.executor.move(jobs[2].name, 0)
    first.die()
    second = kernel()
    left = second.waiting.left()
    assert sorted(seeds(left)) == [2, 3]
    assert left[0].label.startswith("number")
    assert left[0].request == request(seeds(left)[0])


def test_the_order_is_that_of_the_queue(kernel):
    first = kernel()
    jobs = [first.submit(seed) for seed in (1, 2, 3, 4)]
    end = time.monotonic() + SOON
    while jobs[0].state != "running" and time.monotonic() < end:
        time.sleep(0.005)
    first.executor.move(jobs[3].name, 0)
    first.die()
    assert seeds(kernel().waiting.left()) == [1, 4, 2, 3]


def test_resumed_requests_are_made_and_leave_nothing_behind(kernel, tmp_path):
    first = kernel()
    for seed in (1, 2):
        first.submit(seed)
    first.die()
    second = kernel()
    jobs = second.waiting.resume()
    assert [job.label for job in jobs] == ["number 1", "number 2"]
    assert second.waiting.left() == []
    for job in jobs:
        second.finish(job)
    assert [job.result() for job in jobs] == [1, 2]
    assert journals(tmp_path) == []


def test_resumed_requests_are_kept_again_at_once(kernel):
    first = kernel()
    for seed in (1, 2, 3):
        first.submit(seed)
    first.die()
    second = kernel()
    second.waiting.resume()
    second.die()
    assert seeds(kernel().waiting.left()) == [1, 2, 3]


def test_discarded_requests_never_come_back(kernel, tmp_path):
    first = kernel()
    for seed in (1, 2):
        first.submit(seed)
    first.die()
    kernel().waiting.discard()
    assert kernel().waiting.left() == []
    assert journals(tmp_path) == []


def test_a_living_process_keeps_its_own_and_one_other_takes_those_of_a_dead_one(kernel):
    living, dead = kernel(), kernel()
    living.submit(1)
    dead.submit(2)
    dead.die()
    second, third = kernel(), kernel()
    assert seeds(second.waiting.left()) == [2]
    assert third.waiting.left() == []
    second.die()  # before it decided
    assert seeds(third.waiting.left()) == [2]


def test_a_cancelled_or_failed_request_is_not_offered_again(kernel, tmp_path):
    first = kernel()
    failed, cancelled = first.submit(-1), first.submit(2)
    cancelled.cancel()
    first.finish(failed)
    assert isinstance(failed.error(), OSError)
    first.die()
    assert kernel().waiting.left() == []
    assert journals(tmp_path) == []


def test_a_stopped_queue_is_kept_until_it_is_dismissed(kernel):
    first = kernel()
    jobs = [first.submit(-1) for _ in range(3)] + [first.submit(4)]
    for job in jobs[:3]:
        first.finish(job)
    assert [job.request.config.seed for job in first.executor.stopped] == [4]
    first.waiting.close()
    second = kernel()
    assert seeds(second.waiting.left()) == [4]


def test_a_dismissed_queue_is_gone(kernel, tmp_path):
    first = kernel()
    jobs = [first.submit(-1) for _ in range(3)] + [first.submit(4)]
    for job in jobs[:3]:
        first.finish(job)
    first.executor.dismiss_stopped()
    assert journals(tmp_path) == []


def test_a_torn_or_foreign_line_costs_no_other(kernel, tmp_path, caplog):
    first = kernel()
    for seed in (1, 2):
        first.submit(seed)
    first.die()
    (path,) = journals(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    foreign = [b"[1]\n", b'{"order": 3}\n', b"\xff\n", b'{"add": "x"}\n', b"null\n"]
    path.write_bytes(lines[0] + b"".join(foreign) + lines[1][:-40])
    assert seeds(kernel().waiting.left()) == [1]
    assert "not of this program" in caplog.text


def test_a_pipe_in_the_folder_stops_nobody(kernel, tmp_path):
    (tmp_path / "waiting").mkdir()
    os.mkfifo(tmp_path / "waiting" / "a.jsonl")
    assert kernel().waiting.left() == []


def test_a_folder_that_cannot_be_written_is_told_once_and_stops_no_picture(
    kernel, tmp_path, caplog
):
    (tmp_path / "waiting").write_text("a file")
    first = kernel()
    jobs = [first.submit(seed) for seed in (1, 2)]
    for job in jobs:
        first.finish(job)
    assert [job.result() for job in jobs] == [1, 2]
    assert caplog.text.count("the queue is not kept") == 1
    assert first.waiting.left() == []


@given(st.lists(st.tuples(st.sampled_from(["add", "finish", "cancel", "move"]), st.integers(0, 5))))
@settings(max_examples=examples(25), deadline=None)
def test_whatever_happens_to_a_queue_the_next_process_finds_what_is_left(tmp_path_factory, acts):
    folder = tmp_path_factory.mktemp("waiting")
    first, second = Kernel(folder), None
    try:
        expected = []
        for number, (act, at) in enumerate(acts):
            if act == "add":
                expected.append(first.submit(number))
            elif act == "finish" and expected:
                first.finish(expected.pop(0))
            elif act == "cancel" and len(expected) > 1:
                expected.pop(1 + at % (len(expected) - 1)).cancel()
            elif act == "move" and len(expected) > 1:
                while expected[0].state != "running":
                    time.sleep(0.001)
                job = expected.pop(-1)
                place = at % len(expected)
                first.executor.move(job.name, place)
                expected.insert(1 + place, job)
        first.waiting.close()
        second = Kernel(folder)
        assert seeds(second.waiting.left()) == [job.request.config.seed for job in expected]
    finally:
        first.die()
        if second is not None:
            second.die()


def test_a_process_killed_in_the_middle_loses_none(tiny_models, tmp_path):
    program = (
        "import sys, time\n"
        "from medialab import PipelineConfig, Workbench\n"
        "bench = Workbench(sys.argv[1], sys.argv[2], 'cpu')\n"
        "bench.executor.listen(lambda event: event.kind == 'step' and print('step', flush=True))\n"
        "for seed in (7, 8, 9):\n"
        "    bench.submit(PipelineConfig(seed=seed, steps=150))\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(tiny_models), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"step\n"
        process.send_signal(signal.SIGKILL)
    with Workbench(tiny_models, tmp_path, "cpu") as bench:
        assert seeds(bench.waiting.left()) == [7, 8, 9]
        jobs = bench.waiting.resume()
        assert [job.request.config.steps for job in jobs] == [150, 150, 150]
        (own,) = journals(tmp_path)
        assert sum("add" in json.loads(line) for line in own.read_text().splitlines()) == 3
        bench.executor.cancel_all()
        assert all(job.error(SOON) is not None for job in jobs)
        assert journals(tmp_path) == []
