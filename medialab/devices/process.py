"""Starts a process that makes pictures, speaks to it, and starts another when it dies."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import psutil

from medialab.devices.frames import BrokenFrameError, read_frame, write_frame
from medialab.errors import WorkerEndedError

# Variables of the environment that hold secrets of the server, which its worker has no use for.
_SECRETS = ("JPY_API_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTER_TOKEN", "MEDIALAB_TOKEN")
_START = Path(__file__).parents[1] / "worker" / "start.py"
# A process that dies so often before it is ready is not started again until it is asked for.
_MOST_STARTS = 3
_LOOK = 0.1  # seconds between two looks whether it has failed to start
_STOP_SECONDS = 10.0  # until a process that was asked to end is killed


class Hearer(Protocol):
    """Whoever hears of the process; each method is called on the thread that reads from it."""

    def heard(self, message: Mapping[str, Any]) -> object:
        """Take a message."""

    def ready(self) -> object:
        """Take note that the process takes tasks."""

    def ended(self, error: WorkerEndedError, *, for_good: bool) -> object:
        """Take note that the process died.

        Args:
            error: Why, in words.
            for_good: Whether no other was started, since several died before they were ready.
        """


class WorkerProcess:
    """A process with a workbench of its own; while it is wanted, there is always one.

    Args:
        models: The models folders.
        outputs: The outputs folder.
        device: A torch device name; None for the best of this machine.
        hearer: Hears of it.
        threads: CPU threads that it computes with; None for as many as this process has.
    """

    def __init__(
        self,
        models: Sequence[Path],
        outputs: Path,
        device: str | None,
        hearer: Hearer,
        threads: int | None = None,
    ) -> None:
        self._begin = {
            "models": [str(one) for one in models],
            "outputs": str(outputs),
            "device": device,
        }
        self._hearer, self._threads = hearer, threads
        self._lock = threading.Lock()  # of those below
        self._process: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()
        self._is_ready = threading.Event()
        self._device = ""
        self._is_closed = False
        self._starts = 0  # since one was ready
        self._error: WorkerEndedError | None = None
        self._unsaved = tempfile.TemporaryDirectory(prefix="medialab-")

    @property
    def pid(self) -> int | None:
        """The number of the process; None if there is none."""
        process = self._process
        return None if process is None else process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it takes tasks."""
        return self._is_ready.is_set()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the process uses; 0 if there is none."""
        with suppress(psutil.Error):
            if (pid := self.pid) is not None:
                return int(psutil.Process(pid).memory_info().rss)
        return 0

    def start(self) -> None:
        """Start the process if there is none, and return at once."""
        with self._lock:
            if self._process is not None or self._is_closed:
                return
            self._starts, self._error = 0, None
            process = self._spawn()
        reader = threading.Thread(
            target=self._follow, args=(process,), name="medialab-worker", daemon=True
        )
        reader.start()

    @property
    def error(self) -> WorkerEndedError | None:
        """Why no process is there, nor is started until it is asked for; None if that is not so."""
        return self._error

    @property
    def knows_device(self) -> bool:
        """Whether `device` answers at once.

        Raises:
            WorkerEndedError: no process starts.
        """
        if not self._device and self._error is not None:
            raise self._error
        return bool(self._device)

    def device(self) -> str:
        """Return the torch device that pictures are made on; waits for the first process.

        Raises:
            WorkerEndedError: no process starts.
        """
        self.start()
        while not self.knows_device:
            self._is_ready.wait(_LOOK)
        return self._device

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send a message, and return whether there was a process that takes it."""
        process = self._process
        if process is None or process.stdin is None or not self.is_ready:
            return False
        try:
            with self._writing:
                write_frame(process.stdin, message)  # type: ignore[arg-type]  # a buffered writer
        except (OSError, ValueError):  # it has just died, which its reader will notice
            return False
        return True

    def close(self) -> None:
        """End the process, which cancels what it does; after 10 s it is killed.

        One that is not ready yet ends at once, and also if this process is killed.
        """
        with self._lock:
            self._is_closed = True
            self._error = WorkerEndedError("the process that makes the pictures was ended")
            process = self._process
        if process is not None:
            with suppress(OSError), self._writing:
                if process.stdin is not None:
                    process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._unsaved.cleanup()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        """Start a process, and return it; the lock is held."""
        self._starts += 1
        self._is_ready.clear()
        environment = {name: one for name, one in os.environ.items() if name not in _SECRETS}
        if self._threads is not None:
            environment["OMP_NUM_THREADS"] = str(self._threads)
        with _without_interrupts():
            process = self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own file
                [sys.executable, str(_START), "medialab.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        return process

    def _follow(self, process: "subprocess.Popen[bytes] | None") -> None:
        """Read from a process and from those that come after it, until there is no other."""
        while process is not None:
            process = self._replace(self._read(process))

    def _read(self, process: subprocess.Popen[bytes]) -> int:
        """Hand on what the process tells, until it ends; return its exit status."""
        with suppress(OSError, ValueError), self._writing:
            if process.stdin is not None:
                write_frame(process.stdin, self._begin | {"unsaved": self._unsaved.name})  # type: ignore[arg-type]
        with suppress(BrokenFrameError, OSError):
            while process.stdout is not None and (message := read_frame(process.stdout)):  # type: ignore[arg-type]
                if "device" in message:
                    self._device, self._starts = message["device"], 0
                    self._is_ready.set()
                    self._hearer.ready()
                else:
                    self._hearer.heard(message)
        process.kill()  # what it says cannot be understood any more, or it has ended already
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return code

    def _replace(self, code: int) -> "subprocess.Popen[bytes] | None":
        """Start another process for one that died, and return it, if one is still wanted."""
        with self._lock:
            self._process = None
            self._is_ready.clear()
            for_good = self._is_closed or self._starts >= _MOST_STARTS
            error = WorkerEndedError(_reason(code, for_good=for_good))
            if for_good:
                self._error = error
        self._hearer.ended(error, for_good=for_good)
        with self._lock:
            is_wanted = not for_good and self._process is None and not self._is_closed
            return self._spawn() if is_wanted else None


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that hear of no Ctrl-C, for the block.

    Ctrl-C, and "interrupt" of a notebook's kernel, reach every process of the group, also while
    it still loads libraries. Its own `signal.SIG_IGN` comes after that: until then this holds.
    """
    if sys.platform == "win32":  # it has no masks of signals
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reason(code: int, *, for_good: bool) -> str:
    how = f"by signal {-code}" if code < 0 else f"with status {code}"
    ended = f"the process that makes the pictures ended {how}"
    if for_good:
        return (
            f"{ended} before it was ready, {_MOST_STARTS} times; its errors are in this program's "
            "log, or in its terminal"
        )
    return (
        f"{ended}, most likely for lack of memory, and a new one is started: ask for a smaller "
        "picture, or for fewer at once"
    )
