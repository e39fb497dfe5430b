"""What cannot be served is said in a sentence, before anything starts."""

import socket
import subprocess
import sys

import pytest


@pytest.mark.thorough
@pytest.mark.slow
def test_a_port_in_use_is_said_with_the_next_step(tiny_checkout, tiny_environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "widgets.app", f"--port={port}"]
        ended = subprocess.run(
            command,
            cwd=tiny_checkout,
            env=tiny_environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"port {port} is in use")
    assert f"make app PORT={port + 1}" in ended.stderr
