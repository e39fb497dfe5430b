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
from typing import Any, NamedTuple, Protocol

import psutil

from medialab.devices.frames import BrokenFrameError, FrameWriter, read_frame
from medialab.errors import WorkerEndedError

# Variables of the environment that hold secrets of the server, which its worker has no use for.
_SECRETS = ("JPY_API_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTER_TOKEN", "MEDIALAB_TOKEN")
_START = Path(__file__).parents[1] / "worker" / "start.py"
# A process that dies so often before it is ready is not started again until it is asked for.
_MOST_STARTS = 3
# What the system raises that has no room for a process, or for the threads that speak to it.
_NO_ROOM = (OSError, RuntimeError)
_LOOK = 0.1  # seconds between two looks whether it has failed to start
_STOP_SECONDS = 10.0  # until a process that was asked to end is killed


class Hearer(Protocol):
    """Whoever hears of the process; each method is called on the thread that reads from it.

    That it cannot be started at all is told on the thread that starts it.
    """

    def heard(self, message: Mapping[str, Any]) -> object:
        """Take a message."""

    def ready(self) -> object:
        """Take note that the process takes tasks."""

    def ended(self, error: WorkerEndedError, *, for_good: bool) -> object:
        """Take note that the process died, or that the system starts none.

        Args:
            error: Why, in words.
            for_good: Whether no other was started: several died before they were ready, or the
                system has no room for one.
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
        self._running: _Running | None = None
        self._is_ready = threading.Event()
        self._device = ""
        self._is_closed = False
        self._starts = 0  # since one was ready
        self._error: WorkerEndedError | None = None
        self._unsaved = tempfile.TemporaryDirectory(prefix="medialab-")

    @property
    def pid(self) -> int | None:
        """The number of the process; None if there is none."""
        running = self._running
        return None if running is None else running.process.pid

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
            if self._running is not None or self._is_closed:
                return
            self._starts, self._error = 0, None
            error = self._start_first()
        if error is not None:
            self._hearer.ended(error, for_good=True)

    def _start_first(self) -> WorkerEndedError | None:
        """Start a process, and return why there is none; the lock is held."""
        writer = None
        try:
            writer = FrameWriter()
            running = self._spawn(writer)
            follow = threading.Thread(
                target=self._follow, args=(running,), name="medialab-worker", daemon=True
            )
            follow.start()
        except _NO_ROOM as refused:
            if self._running is not None:
                self._running.end()
            if writer is not None:
                writer.end()
            self._running, self._error = None, _not_started(refused)
        return self._error

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
        """Send a message, and return at once whether there was a process that takes it.

        One that has just died does not get it: the hearer is told of that soon.
        """
        with self._lock:
            if self._running is None or not self.is_ready:
                return False
            self._running.tell(message)
            return True

    def close(self) -> None:
        """End the process, which cancels what it does; after 10 s it is killed.

        One that is not ready yet ends at once, and also if this process is killed.
        """
        with self._lock:
            self._is_closed = True
            self._error = WorkerEndedError("the process that makes the pictures was ended")
            running = self._running
        if running is not None:
            running.end_input()
            try:
                running.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
        self._unsaved.cleanup()

    def _spawn(self, writer: FrameWriter) -> "_Running":
        """Start a process, and return it; the lock is held.

        Raises:
            OSError: the system has no room for it, or it is not there to be started.
        """
        self._starts += 1
        self._is_ready.clear()
        environment = {name: one for name, one in os.environ.items() if name not in _SECRETS}
        if self._threads is not None:
            environment["OMP_NUM_THREADS"] = str(self._threads)
        with _without_interrupts():
            process = subprocess.Popen(  # noqa: S603 - this interpreter, our own file
                [sys.executable, str(_START), "medialab.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        self._running = _Running(process, writer)
        self._running.tell(self._begin | {"unsaved": self._unsaved.name})
        return self._running

    def _follow(self, running: "_Running") -> None:
        """Read from a process and from those that come after it, until there is no other."""
        following: _Running | None = running
        while following is not None:
            following = self._replace(self._read(following), running.writer)
        running.writer.end()

    def _read(self, running: "_Running") -> int:
        """Hand on what the process tells, until it ends; return its exit status."""
        pipe = running.process.stdout
        with suppress(BrokenFrameError, OSError):
            while pipe is not None and (message := read_frame(pipe)):  # type: ignore[arg-type]
                if "device" in message:
                    self._device, self._starts = message["device"], 0
                    self._is_ready.set()
                    self._hearer.ready()
                else:
                    self._hearer.heard(message)
        return running.end()  # what it says cannot be understood any more, or it has ended already

    def _replace(self, code: int, writer: FrameWriter) -> "_Running | None":
        """Start another process for one that died, if one is still wanted, and return it."""
        with self._lock:
            self._running = running = None
            self._is_ready.clear()
            for_good = self._is_closed or self._starts >= _MOST_STARTS
            error = WorkerEndedError(_reason(code, for_good=for_good))
            if not for_good:
                try:
                    running = self._spawn(writer)
                except _NO_ROOM as refused:
                    for_good, error = True, _not_started(refused)
            if for_good:
                self._error = error
        self._hearer.ended(error, for_good=for_good)
        return running


class _Running(NamedTuple):
    """A process, and who writes to it."""

    process: "subprocess.Popen[bytes]"
    writer: FrameWriter

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message, and return at once."""
        self.writer.send(self.process.stdin, message)  # type: ignore[arg-type]  # a buffered writer

    def end_input(self) -> None:
        """Let it end once it has read what it was sent, and return at once."""
        self.writer.close(self.process.stdin)  # type: ignore[arg-type]

    def end(self) -> int:
        """End it at once, and return its exit status."""
        self.process.kill()
        code = self.process.wait()
        self.end_input()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


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


def _not_started(refused: BaseException) -> WorkerEndedError:
    reason = refused.strerror if isinstance(refused, OSError) else None
    return WorkerEndedError(
        f"the process that makes the pictures cannot be started ({reason or refused}); end other "
        "programs of this machine, or restart this one, then ask again"
    )
