"""The hashes of all models, computed in the background, one file after another.

Hashing some hundred gigabytes takes minutes to hours, so it yields to everything else: its thread
has the lowest priority, and waits while a stage computes or someone waits for one file's hash. What
is computed is stored soon (`medialab.files.hashes`): a later job goes on with what is left.
"""

import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from medialab.errors import CancelledError, MediaLabError
from medialab.files.hashes import HashCache
from medialab.listing.info import ModelInfo
from medialab.loading.by_content import content_paths
from medialab.process.memory import gigabytes
from medialab.process.threads import yield_to_others

HashingState = Literal["running", "paused", "done", "cancelled", "failed"]
# If it is set, every workbench begins with the job.
HASH_VARIABLE = "MEDIALAB_HASH_MODELS"
_NO = frozenset({"", "0", "false", "no", "off"})
_TOLD_EVERY = 0.2  # seconds between two reports to listeners, of thousands of small files
_WAIT = 0.1  # seconds between two looks at whether others still need the machine


class HashingFault(NamedTuple):
    """A file that has no hashes, and why, such as "it is gone"."""

    path: Path
    reason: str


@dataclass(frozen=True)
class HashingProgress:
    """How far a job is; files whose hashes were known before it count as done.

    Attributes:
        files_done: Files that are hashed, or could not be.
        files_total: Files of all models.
        bytes_done: Bytes of the files that are done, and those read of the current one.
        bytes_total: Bytes of all files.
        current: The name of the model whose file is read; "" before and after.
    """

    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    current: str = ""


class HashingJob:
    """A run through all models' files; it begins at once, on a thread of its own.

    Args:
        hashes: Where the hashes are stored.
        models: Lists the models.
        is_needed: Whether the machine is needed for something else just now.

    Attributes:
        state: "running", "paused" while others need the machine, or how it ended; "done" also if
            some files have no hashes.
        progress: How far it is.
        faults: The files that could not be hashed.
        error: Why it failed as a whole; None if it did not.
    """

    def __init__(
        self,
        hashes: HashCache,
        models: Callable[[], Collection[ModelInfo]],
        is_needed: Callable[[], bool],
    ) -> None:
        self.state: HashingState = "running"
        self.progress = HashingProgress()
        self.faults: list[HashingFault] = []
        self.error: MediaLabError | OSError | None = None
        self._hashes, self._models, self._is_needed = hashes, models, is_needed
        self._listeners: list[Callable[[HashingJob], object]] = []
        self._told_at = 0.0
        self._stop, self._ended = threading.Event(), threading.Event()
        # A daemon: ending the kernel shall not wait for it, and no file is half written.
        threading.Thread(target=self._run, name="medialab-hashes", daemon=True).start()

    def listen(self, listener: "Callable[[HashingJob], object]") -> Callable[[], None]:
        """Call `listener` with this job as it goes on, and at its end; on the job's thread.

        Returns:
            A function that ends that.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def cancel(self) -> None:
        """Stop within some 20 ms; what is hashed stays known. Any thread may call this."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait (seconds; None for ever) until it has ended, and return whether it has."""
        return self._ended.wait(timeout)

    def result(self, timeout: float | None = None) -> HashingProgress:
        """Wait (seconds; None for ever) until it has ended, and return how far it came.

        Raises:
            TimeoutError: it goes on by then.
            CancelledError: it was cancelled.
            MediaLabError, OSError: the models could not be listed.
        """
        if not self.wait(timeout):
            message = f"hashing is not done after {timeout} s; it goes on"
            raise TimeoutError(message)
        if self.error is not None:
            raise self.error
        self._check()
        return self.progress

    def __repr__(self) -> str:
        now = self.progress
        parts = [
            f"{now.files_done:,} of {now.files_total:,} files",
            f"{gigabytes(now.bytes_done)} of {gigabytes(now.bytes_total)}",
            now.current,
            f"{len(self.faults):,} could not be hashed" if self.faults else "",
        ]
        return f"hashing is {self.state}: {', '.join(filter(None, parts))}"

    def _run(self) -> None:
        yield_to_others()
        end: HashingState = "failed"
        try:
            self._hash_all()
            end = "done"
        except CancelledError:
            end = "cancelled"
        except (MediaLabError, OSError) as error:  # the models cannot be listed
            self.error = error
        finally:
            self._hashes.flush()
            self.progress = replace(self.progress, current="")
            self.state = end
            try:
                self._tell(at_once=True)
            finally:
                self._ended.set()

    def _hash_all(self) -> None:
        self._hashes.recall()
        files = self._files()
        missing = [one for one in files if not self._is_known(one.path)]
        total = sum(one.size for one in files)
        self.progress = HashingProgress(
            files_done=len(files) - len(missing),
            files_total=len(files),
            bytes_done=total - sum(one.size for one in missing),
            bytes_total=total,
        )
        self._tell(at_once=True)
        for one in sorted(missing, key=lambda one: one.size):
            self._hash(one)

    def _files(self) -> "list[_File]":
        """Return each file once, however many links to it there are."""
        found: dict[tuple[int, int], _File] = {}
        for info in self._models():
            self._check()
            for path in self._paths(info):
                try:
                    status = path.stat()
                except OSError as error:
                    self.faults.append(HashingFault(path, _reason(error)))
                    continue
                key = status.st_dev, status.st_ino
                found.setdefault(key, _File(path, info.name, status.st_size))
        return list(found.values())

    def _paths(self, info: ModelInfo) -> Sequence[Path]:
        try:
            return content_paths(info)
        except OSError as error:
            self.faults.append(HashingFault(info.path, _reason(error)))
            return ()

    def _is_known(self, path: Path) -> bool:
        with suppress(OSError):
            known = self._hashes.known_digests(path)
            return known is not None and known.is_complete
        return False

    def _hash(self, file: "_File") -> None:
        self._yield()
        self.progress = replace(self.progress, current=file.name)
        self._tell()
        begun = self.progress.bytes_done

        def step(count: int) -> None:
            # A file that grows while it is read counts as what it was.
            left = begun + file.size - self.progress.bytes_done
            self._count(count=min(count, left))
            self._tell()
            self._yield()

        try:
            self._hashes.digests(file.path, step)
        except OSError as error:
            self.faults.append(HashingFault(file.path, _reason(error)))
        self._count(files=1, count=begun + file.size - self.progress.bytes_done)

    def _count(self, *, files: int = 0, count: int = 0) -> None:
        now = self.progress
        self.progress = replace(
            now, files_done=now.files_done + files, bytes_done=now.bytes_done + count
        )

    def _yield(self) -> None:
        """Wait while others need the machine."""
        self._check()
        while self._is_needed():
            self._change("paused")
            self._stop.wait(_WAIT)
            self._check()
        self._change("running")

    def _check(self) -> None:
        if self._stop.is_set() and self.state != "done":
            message = "hashing was cancelled; what is hashed stays known"
            raise CancelledError(message)

    def _change(self, state: HashingState) -> None:
        if state != self.state:
            self.state = state
            self._tell(at_once=True)

    def _tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._told_at >= _TOLD_EVERY:
            self._told_at = now
            for listener in list(self._listeners):
                listener(self)


class _File(NamedTuple):
    path: Path
    name: str
    size: int


class BackgroundHashing:
    """The job that hashes a registry's models, at most one at a time.

    Args:
        hashes, models, is_needed: as for `HashingJob`.
    """

    def __init__(
        self,
        hashes: HashCache,
        models: Callable[[], Collection[ModelInfo]],
        is_needed: Callable[[], bool],
    ) -> None:
        self._new = partial(HashingJob, hashes, models, is_needed)
        self._lock = threading.Lock()
        self._job: HashingJob | None = None

    @property
    def job(self) -> HashingJob | None:
        """The last job; None if none was started."""
        return self._job

    def start(self) -> HashingJob:
        """Start hashing what is not hashed yet, and return the job; a running one goes on."""
        with self._lock:
            if self._job is None or self._job.wait(0):
                self._job = self._new()
            return self._job

    def start_if_chosen(self) -> None:
        """Start hashing if MEDIALAB_HASH_MODELS is set."""
        if os.environ.get(HASH_VARIABLE, "").strip().casefold() not in _NO:
            self.start()

    def close(self) -> None:
        """Cancel the job, and wait until its thread has left the files."""
        if (job := self._job) is not None:
            job.cancel()
            job.wait()


def _reason(error: OSError) -> str:
    return "it is gone" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
