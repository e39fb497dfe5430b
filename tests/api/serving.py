"""The API's server as a process of its own, for tests that speak HTTP with it."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-tests"  # noqa: S105 - of servers that only tests start
TIMEOUT = 120  # seconds: the first picture imports torch on a busy machine
QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
LONG = QUICK | {"steps": 150, "width": 256, "height": 256, "prompt": "a long one"}


@dataclass(frozen=True)
class Server:
    """A running server: where it is, who may speak to it, and what it said and made."""

    address: str
    token: str
    client: httpx.Client
    process: subprocess.Popen
    log: Path
    home: Path
    outputs: Path

    def wait(self, condition, seconds=TIMEOUT):
        """Wait until a condition holds; what it last gave."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return found

    def job(self, name):
        return self.client.get(f"/jobs/{name}").json()

    def until(self, name, *states):
        """Wait until a job has one of these states; the job."""
        return self.wait(lambda: (job := self.job(name))["state"] in states and job)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home, models, outputs, token=TOKEN):
    """An environment whose Jupyter has its files in a folder of its own."""
    return os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "MEDIALAB_MODELS": str(models),
        "MEDIALAB_OUTPUTS": str(outputs),
        "MEDIALAB_TOKEN": token,
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def serving_api(models, folder, settings=(), token=TOKEN):
    """`python -m medialab.api` until the block ends.

    Args:
        models: the models folder.
        folder: where it has its outputs, its log and its home.
        settings: of `StudioApi`, such as {"most_steps": 20}, by its config file.
        token: that it takes.
    """
    home, outputs, log, port = folder / "home", folder / "outputs", folder / "log", free_port()
    (home / "config").mkdir(parents=True)
    config = home / "config" / "jupyter_server_config.json"
    config.write_text(json.dumps({"StudioApi": dict(settings)}))
    address = f"http://127.0.0.1:{port}"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "medialab.api", f"--port={port}"],
            env=environment(home, models, outputs, token),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
        httpx.Client(
            base_url=address,
            headers={"Authorization": f"token {token.partition(',')[0]}"},
            timeout=TIMEOUT,
        ) as client,
    ):
        server = Server(address, token, client, process, log, home, outputs)
        try:
            server.wait(lambda: process.poll() is not None or _answers(client))
            assert process.poll() is None, log.read_text()
            yield server
        finally:
            process.terminate()
            process.wait(30)


def _answers(client):
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False
