"""A server of the API that this process starts, such as a notebook's or a test's."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping

import httpx

from medialab.errors import MediaLabError
from medialab.process.closing import Closing

_START_SECONDS = 120.0  # until it answers; importing its libraries takes some on a busy machine
_LOOK = 0.1  # seconds between two looks
_STOP_SECONDS = 30.0


class OwnServer(Closing):
    """`python -m medialab.api` on a free port, with a token of its own; it ends with this process.

    Args:
        environment: Variables besides this process's own, such as MEDIALAB_OUTPUTS.

    Attributes:
        address: Such as "http://127.0.0.1:43211".
        token: Whoever sends it is answered.

    Raises:
        MediaLabError: it does not start; what it said stands above.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.token = secrets.token_urlsafe(24)
        self.address = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, words of our own
            [sys.executable, "-m", "medialab.api", f"--port={port}", "--until-input-ends"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # it says its token
            env={**os.environ, **(environment or {}), "MEDIALAB_TOKEN": self.token},
        )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request to it."""
        return {"Authorization": f"token {self.token}"}

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def close(self) -> None:
        """End it; blocks until it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        """Wait until it answers.

        Raises:
            MediaLabError: it ended, or does not answer for two minutes.
        """
        end = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            try:
                httpx.get(f"{self.address}/health", headers=self.headers)
            except httpx.TransportError:
                time.sleep(_LOOK)
            else:
                return
        message = "the server of the API did not start; python -m medialab.api says why"
        raise MediaLabError(message)
