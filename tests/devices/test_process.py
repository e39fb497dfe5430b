"""A process that dies is told with its reason; one that cannot begin is not started for ever."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from medialab.devices.process import WorkerProcess
from medialab.errors import WorkerEndedError

SOON = 120
AT_ONCE = 10  # seconds on a busy machine; the imports take up to 50 there
# Starts a device's process, says its number, and lives until it is killed.
PARENT = """
import sys, time
from pathlib import Path
from medialab.devices.process import WorkerProcess

class Heard:
    def ready(self):
        print("ready", flush=True)

worker = WorkerProcess([Path(sys.argv[1])], Path(sys.argv[1]) / "outputs", "cpu", Heard())
worker.start()
print(worker.pid, flush=True)
time.sleep(600)
"""


class Heard:
    """What is heard of a process."""

    def __init__(self):
        self.errors, self.for_good = [], threading.Event()

    def heard(self, message):
        pass

    def ready(self):
        pass

    def ended(self, error, *, for_good):
        self.errors.append(str(error))
        if for_good:
            self.for_good.set()


def test_one_that_cannot_begin_is_given_up_and_tried_again_when_it_is_asked_for(
    tmp_path, monkeypatch
):
    # As where the installation is damaged: Python itself does not come up.
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    heard = Heard()
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    with pytest.raises(WorkerEndedError, match="before it was ready, 3 times"):
        worker.device()
    assert heard.for_good.wait(SOON)
    assert len(heard.errors) == 3
    assert worker.pid is None
    assert (worker.is_ready, worker.nbytes, worker.send({})) == (False, 0, False)
    heard.for_good.clear()
    worker.start()
    assert heard.for_good.wait(SOON)
    worker.close()
    worker.start()
    assert worker.pid is None
    with pytest.raises(WorkerEndedError):
        worker.device()


def test_one_that_the_system_refuses_is_told_by_name_and_tried_again_when_it_is_asked_for(
    tmp_path, monkeypatch
):
    heard = Heard()
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    with monkeypatch.context() as machine:
        machine.setattr(sys, "executable", str(tmp_path / "gone"))
        worker.start()
        assert worker.pid is None
        assert heard.for_good.is_set()
        (told,) = heard.errors
        assert "cannot be started (No such file or directory)" in told
        with pytest.raises(WorkerEndedError, match="cannot be started"):
            worker.device()
    worker.start()
    assert worker.pid is not None
    assert worker.error is None
    worker.close()


def test_one_that_dies_and_cannot_be_replaced_is_told_by_name(tmp_path, monkeypatch):
    heard = Heard()
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    worker.start()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    os.kill(worker.pid, signal.SIGKILL)
    assert heard.for_good.wait(SOON)
    assert "cannot be started" in heard.errors[-1]
    assert "cannot be started" in str(worker.error)
    assert worker.pid is None
    worker.close()


@pytest.mark.parametrize(("name", "ended"), [("medialab-sending", 0), ("medialab-worker", 1)])
def test_one_for_whose_threads_there_is_no_room_is_ended_and_told(
    tmp_path, monkeypatch, name, ended
):
    """The thread that writes to it, and the one that reads from it."""
    heard, started = Heard(), []
    start, popen = threading.Thread.start, subprocess.Popen

    def refused(thread):
        if thread.name == name:  # and no other's, such as of a test before
            raise RuntimeError("can't start new thread")
        start(thread)

    def noted(*given, **more):
        started.append(popen(*given, **more))
        return started[-1]

    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", refused)
        machine.setattr(subprocess, "Popen", noted)
        worker.start()
    assert "can't start new thread" in heard.errors[0]
    assert (worker.pid, worker.send({})) == (None, False)
    assert [one.returncode for one in started] == [-signal.SIGKILL] * ended
    worker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_one_that_is_stuck_keeps_nobody_waiting_who_sends_to_it_and_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("medialab.devices.process._STOP_SECONDS", 0.1)
    heard = Heard()
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    assert worker.device() == "cpu"
    os.kill(worker.pid, signal.SIGSTOP)
    sent = threading.Event()

    def send():
        for _ in range(3):
            assert worker.send({"cancel": "a" * 2**20, "keep": False})  # no pipe holds that
        sent.set()

    threading.Thread(target=send, daemon=True).start()
    assert sent.wait(SOON)
    pid = worker.pid
    worker.close()
    assert heard.for_good.wait(SOON)
    assert not psutil.pid_exists(pid)


@pytest.mark.thorough
def test_its_environment_has_no_secret_and_its_command_line_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIALAB_TOKEN", "secret")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", Heard())
    worker.start()
    process = psutil.Process(worker.pid)
    command, environment = process.cmdline(), process.environ()
    worker.close()
    assert not process.is_running()
    assert "secret" not in environment.values()
    assert environment["PATH"] == os.environ["PATH"]
    assert str(tmp_path) not in " ".join(command)


@pytest.mark.thorough
def test_ctrl_c_while_it_starts_reaches_the_program_alone(tmp_path):
    heard = Heard()
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", heard)
    try:
        worker.start()
        first = worker.pid
        os.kill(first, signal.SIGINT)  # before it has loaded anything
        assert worker.device() == "cpu"
        os.kill(first, signal.SIGINT)
        assert (worker.pid, heard.errors) == (first, [])
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        worker.close()


def loads(process, name):
    """Wait until a process has loaded a library of that name."""
    end = time.monotonic() + SOON
    while not any(name in one.path for one in process.memory_maps()):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at what is mapped")
@pytest.mark.parametrize(
    "library", ["python", pytest.param("libtorch_cpu", marks=pytest.mark.thorough)]
)
def test_a_process_whose_program_is_killed_while_it_imports_ends_at_once(tmp_path, library):
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        loads(child, library)
        parent.send_signal(signal.SIGKILL)
        began = time.monotonic()
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() - began < AT_ONCE
            time.sleep(0.02)
        assert "ready" not in parent.stdout.read()


def test_one_that_is_closed_while_it_imports_ends_at_once(tmp_path):
    worker = WorkerProcess([tmp_path], tmp_path / "outputs", "cpu", Heard())
    worker.start()
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < AT_ONCE
