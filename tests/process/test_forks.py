"""What was made in another process is refused here, and its threads are not waited for."""

import json
import os
import signal
from pathlib import Path

import pytest

from medialab import PipelineConfig
from medialab.devices.executor import DevicesExecutor
from medialab.errors import WorkbenchClosedError
from medialab.process.forks import Home
from medialab.process.queue import JobQueue
from medialab.runs.executor import KernelExecutor
from medialab.runs.request import Request

SECONDS = 20  # after which a fork that waits for a thread is ended

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # of its threads
]


def in_a_fork(work):
    """What `work` returns in a forked process, as JSON; None if it hangs, or fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        try:
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    return json.loads(content) if content else None


def test_a_fork_is_not_the_process_that_something_was_made_in():
    home = Home()
    assert in_a_fork(lambda: home.is_left) is True
    assert home.is_left is False
    home.refuse_left()


def kernel():
    return KernelExecutor(lambda _request, _job: 1, JobQueue())


def devices(tmp_path):
    return DevicesExecutor([tmp_path / "models"], tmp_path / "outputs", ["cpu", "cpu"])


@pytest.mark.parametrize("kind", ["kernel", "devices"])
def test_a_request_in_a_fork_is_refused_and_the_fork_closes_nothing_of_the_other(tmp_path, kind):
    executor = kernel() if kind == "kernel" else devices(tmp_path)

    def ask():
        try:
            executor.submit(Request(PipelineConfig(prompt="a red ball")))
        except WorkbenchClosedError as error:
            executor.close()
            return str(error)

    told = in_a_fork(ask)
    assert told is not None, "it hangs"
    assert "made in another process" in told
    if kind == "kernel":
        assert executor.queue.submit(lambda _job: 6 * 7).result(SECONDS) == 42
    else:
        assert all(Path(one.process._unsaved.name).is_dir() for one in executor.devices)
    executor.close()
