"""A lock is one process's, and is free when that has ended, however it ended."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from medialab.files import locks
from medialab.files.locks import alone, try_lock
from medialab.files.machine_facts import MachineFacts


def test_a_locked_file_is_locked_for_everyone_else_until_it_is_closed(tmp_path):
    path = tmp_path / "a"
    first, second = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert try_lock(first)
    assert not try_lock(second)
    os.close(first)
    assert try_lock(second)
    os.close(second)


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "a"
    program = (
        "import os, sys, time\n"
        "from medialab.files.locks import try_lock\n"
        "print(try_lock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        own = os.open(path, os.O_RDWR)
        assert not try_lock(own)
        process.send_signal(signal.SIGKILL)
    assert try_lock(own)
    os.close(own)


def test_whoever_is_alone_is_waited_for(tmp_path):
    path, order = tmp_path / "folder" / "lock", []
    inside, may_end = threading.Event(), threading.Event()

    def first():
        with alone(path) as is_held:
            inside.set()
            may_end.wait(60)
            order.append(("first", is_held))

    def second():
        with alone(path) as is_held:
            order.append(("second", is_held))

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    assert inside.wait(60)
    threads[1].start()
    may_end.set()
    for one in threads:
        one.join()
    assert order == [("first", True), ("second", True)]


def test_where_no_lock_can_be_made_nobody_is_kept_from_work(tmp_path):
    (tmp_path / "file").touch()
    with alone(tmp_path / "file" / "lock") as is_held:
        assert not is_held


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks by other calls")
def test_a_file_system_without_locks_keeps_nobody_from_work(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone(tmp_path / "lock") as is_held:
        assert not is_held
    facts = MachineFacts(tmp_path / "machine.json")
    assert facts.measured("gain", lambda: 2.0) == 2.0


def test_one_who_keeps_a_lock_for_ever_is_not_waited_for_so_long(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_PATIENCE", 0.0)
    with alone(tmp_path / "lock") as is_held, alone(tmp_path / "lock") as is_held_twice:
        assert (is_held, is_held_twice) == (True, False)
