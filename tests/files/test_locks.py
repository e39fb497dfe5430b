"""A lock is one process's, and is free when that has ended, however it ended."""

import os
import signal
import subprocess
import sys

from medialab.files.locks import try_lock


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
