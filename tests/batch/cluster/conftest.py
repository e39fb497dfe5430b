"""A scheduler and workers as processes of this machine, as `dask` starts them in a shell."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOON = 240  # seconds, on a machine that others use


@contextmanager
def dask(*arguments, folder, **environment):
    """Run a command of Dask until the block ends, with a folder of its own as the current one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


class Cluster:
    """A scheduler, and workers that are started and killed one by one."""

    def __init__(self, folder, opened):
        self.folder, self._opened = folder, opened
        self.workers = []
        file = folder / "scheduler.json"
        arguments = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        opened.enter_context(dask("scheduler", *arguments, folder=folder / "scheduler"))
        self.address = _address_in(file)

    def start_worker(self, *arguments, **environment):
        """Start a worker, and return its process."""
        process = self._opened.enter_context(
            dask(
                "worker",
                self.address,
                *("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"),
                *("--memory-limit", "0"),
                *(arguments or ("--resources", "GPU=1")),
                folder=self.folder / f"worker-{len(self.workers)}",
                **environment,
            )
        )
        self.workers.append(process)
        return process

    @property
    def alive(self):
        """How many workers run."""
        return len([one for one in self.workers if one.poll() is None])

    def kill_worker(self, number):
        """End a worker as a power cut does."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()


def _address_in(file):
    import json

    until = time.monotonic() + SOON
    while time.monotonic() < until:
        if file.exists() and (text := file.read_text()).endswith("}"):
            return json.loads(text)["address"]
        time.sleep(0.05)
    raise TimeoutError(file)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler without workers."""
    with ExitStack() as opened:
        yield Cluster(tmp_path_factory.mktemp("cluster"), opened)


@pytest.fixture(scope="module")
def two_workers(cluster):
    """The cluster with two workers, which are warm after the first test."""
    cluster.start_worker()
    cluster.start_worker()
    return cluster
