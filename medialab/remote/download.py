"""One download as a person sees it: its progress, how it ended, how to stop and to continue it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from medialab.errors import CancelledError, MediaLabError
from medialab.process.failures import drop_frames
from medialab.process.memory import gigabytes
from medialab.remote.answers import in_words
from medialab.remote.interrupt import Interrupt
from medialab.remote.listings import RemoteFile, RemoteVersion
from medialab.remote.meter import Meter
from medialab.remote.packages.pins import Bundle

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
_TELLING_SECONDS = 0.25  # between two reports of progress


class Download:
    """A download. Any thread may look at it, cancel it, or wait for it.

    Attributes:
        name: The file's or folder's name.
        files: What is downloaded.
        version: The version that they are of; None if only a file was named.
        kind: The kind of model; "" if only the content will tell.
        preview: Whether an example picture is saved beside it.
        bundle: What is fetched in place of files; None for files.
        state: "queued", "running", or how it ended.
        told: What it is doing, or what else there is to know, in a sentence; often "".
        path: Where the model is, once it is done.
        error: Why it failed or was cancelled; None otherwise.

    Args:
        name: The name.
        files: The files.
        version: The version that they are of.
        kind: The kind of model.
        preview: Whether to save an example picture.
        begin: Puts it in the queue; called again by `resume`.
        changed: Called after every change, and a few times a second while it runs.
        bundle: What is fetched in place of files: models in packages of the registry.
    """

    def __init__(
        self,
        name: str,
        files: tuple[RemoteFile, ...],
        version: RemoteVersion | None,
        *,
        kind: str,
        preview: bool,
        begin: "Callable[[Download], object]",
        changed: "Callable[[Download], object]",
        bundle: Bundle | None = None,
    ) -> None:
        self.name, self.files, self.version = name, files, version
        self.kind, self.preview, self.bundle = kind, preview, bundle
        self.meter, self.interrupt = Meter(), Interrupt()
        self.state: State = "queued"
        self.told = ""
        self.path: Path | None = None
        self.error: BaseException | None = None
        self.discards = False
        self._begin, self._changed = begin, changed
        self._stop, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._reported = 0.0
        sizes = [file.size_bytes for file in files]
        self._listed = sum(filter(None, sizes)) if None not in sizes else None

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return self.meter.done

    @property
    def total(self) -> int | None:
        """Bytes of the whole; None if unknown."""
        return self.meter.total if self.meter.total is not None else self._listed

    @property
    def speed(self) -> float:
        """Bytes per second over the last seconds; 0 if it does not run."""
        return self.meter.speed if self.state == "running" else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it is whole, at this speed; None if unknown."""
        return self.meter.seconds_left if self.state == "running" else None

    @property
    def has_ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in ENDED

    def cancel(self) -> None:
        """Stop it; what is there is kept, and `resume` goes on with it."""
        self._stop.set()
        self.interrupt.cut()
        with self._lock:
            was_waiting = self.state == "queued"
        if was_waiting:
            self.end("cancelled", error=self._cancelled())

    def discard(self) -> None:
        """Stop it, and delete what is there of it; a finished model stays."""
        if self.state == "done":
            return
        self.discards = True
        if self.has_ended:
            self._restart()
        self._stop.set()  # one that waits cleans up when its turn comes
        self.interrupt.cut()

    @contextmanager
    def discarding(self, discard: Callable[[], object]) -> Iterator[None]:
        """Call `discard` if the block is cancelled, and what came shall not be kept.

        Args:
            discard: Deletes what came so far.
        """
        try:
            yield
        except CancelledError:
            if self.discards:
                discard()
            raise

    def resume(self) -> None:
        """Go on with one that failed or was cancelled."""
        if self.state in {"failed", "cancelled"}:
            self.discards = False
            self._stop.clear()
            self.interrupt.allow()
            self._restart()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for its end (seconds; None for ever), however it ends; Ctrl-C cancels it.

        Raises:
            TimeoutError: it has not ended by then.
        """
        try:
            if not self._ended.wait(timeout):
                message = f"{self.name} is not there after {timeout} s; it goes on"
                raise TimeoutError(message)
        except KeyboardInterrupt:
            self.cancel()
            raise
        return self

    def result(self, timeout: float | None = None) -> Path:
        """Wait for it, and return the model's path.

        Raises:
            TimeoutError: as `wait`.
            MediaLabError: it failed or was cancelled; the message says why.
        """
        self.wait(timeout)
        if self.error is not None:
            raise self.error
        if self.path is None:
            raise self._cancelled()
        return self.path

    # For whoever runs it.

    def start(self) -> bool:
        """Begin to run; return False if it was cancelled meanwhile."""
        with self._lock:
            if self.state != "queued":
                return False
            self.state = "running"
        self._changed(self)
        return True

    def check(self) -> None:
        """Raise `CancelledError` if it was cancelled; reports progress now and then."""
        if self._stop.is_set():
            raise self._cancelled()
        if (now := time.monotonic()) - self._reported >= _TELLING_SECONDS:
            self._reported = now
            self._changed(self)

    def pause(self, seconds: float, why: str) -> None:
        """Wait some seconds, and tell why.

        Raises:
            CancelledError: it was cancelled meanwhile.
        """
        self.tell(f"{why} in {in_words(seconds)}" if seconds >= 1 else "")
        if self._stop.wait(seconds):
            raise self._cancelled()
        self.tell("")

    def tell(self, words: str) -> None:
        """Set what is told of it."""
        self.told = words
        self._changed(self)

    def end(
        self, state: State, *, path: Path | None = None, error: BaseException | None = None
    ) -> None:
        """Set how it ended, for whoever waits."""
        drop_frames(error)  # they hold what was sent, the token among it
        with self._lock:
            if self.has_ended:
                return
            self.state, self.path, self.error = state, path, error
            if state != "done":
                self.told = ""
        try:
            self._changed(self)
        finally:
            self._ended.set()

    def _restart(self) -> None:
        with self._lock:
            self.state, self.error, self.told = "queued", None, ""
            self._ended.clear()
        self._changed(self)
        try:
            self._begin(self)
        except MediaLabError as error:  # the workbench is closed
            self.end("failed", error=error)
            raise

    def _cancelled(self) -> CancelledError:
        kept = "is deleted" if self.discards else "is kept: resume it to go on"
        return CancelledError(f"{self.name}: the download was cancelled; what was there {kept}")

    def __repr__(self) -> str:
        size = f"{gigabytes(self.done)} of {gigabytes(self.total)}" if self.total else ""
        left = self.seconds_left
        parts = [size if self.state != "done" else "", self.told]
        if self.speed:
            parts.insert(1, f"{gigabytes(self.speed)}/s")
        if left is not None:
            parts.insert(2, f"{in_words(left)} left")
        if isinstance(self.error, MediaLabError):
            parts.append(str(self.error))
        details = ", ".join(filter(None, parts))
        return f"{self.name}: {self.state}{f' ({details})' if details else ''}"
