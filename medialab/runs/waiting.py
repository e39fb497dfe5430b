"""Requests that wait or run, on disk, so that a kernel that dies loses none of them.

Each process appends to a journal of its own, `outputs/waiting/*.jsonl`, which it keeps locked: a
line for each request that is queued, for each that ends, and for each new order. A journal that can
be locked is that of a dead process; its requests are offered again, to one process at a time. Lines
are JSON, and nothing is ever unpickled. A torn last line is passed over.
"""

import errno
import json
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from medialab.errors import ConfigError, QueueStoppedError
from medialab.files.locks import try_lock
from medialab.files.regular import read_regular
from medialab.process.events import ENDS, Event
from medialab.runs.executor import Executor, RunJob
from medialab.runs.request import Request

_LOG = logging.getLogger("medialab")
_SUFFIX = ".jsonl"
_MOST_BYTES = 2**30  # of a journal; a request takes some 6 kB


@dataclass(frozen=True)
class LeftRequest:
    """A request that a process left behind; `label` is its title for a person."""

    identity: str
    request: Request
    label: str


class WaitingRequests:
    """The unfinished requests of an executor, and those of processes that died.

    Only requests whose pictures are saved are written: others are attempts. If the folder cannot be
    written, pictures are made all the same, and a warning is logged once.

    Args:
        folder: for the journals; it is created if needed.
        executor: whose requests are written.
    """

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder, self._executor = folder, executor
        self._lock = threading.RLock()
        self._journal: _Journal | None = None
        self._identities: dict[str, str] = {}  # by the job's name
        self._adopting = threading.local()
        self._warned = False
        self._found: list[tuple[_Journal, LeftRequest]] = []
        self._forget: Callable[[], object] = executor.listen(self._take)

    def left(self) -> list[LeftRequest]:
        """Return the requests of processes that died, in their order.

        They are reserved for this process until it resumes or discards them, or ends.
        """
        with self._lock:
            known = {one.identity for _, one in self._found}
            for journal in _dead_journals(self._folder):
                new = [one for one in journal.read() if one.identity not in known]
                self._found += [(journal, one) for one in new]
                known |= {one.identity for one in new}
                if not new:
                    journal.remove()
            return [one for _, one in self._found]

    def resume(self) -> list[RunJob]:
        """Queue those requests again, and return their jobs.

        Each is written to this process's journal before it leaves the other one.

        Raises:
            MediaLabError: the executor is closed; those that were not queued are still left.
        """
        self.left()
        jobs = []
        while self._found:
            with self._lock:
                journal, one = self._found.pop(0)
            self._adopting.identity = one.identity
            try:
                jobs.append(self._executor.submit(one.request, label=one.label))
            except BaseException:
                self._found.insert(0, (journal, one))
                raise
            finally:
                self._adopting.identity = ""
            self._drop(journal, one)
        return jobs

    def discard(self) -> None:
        """Forget those requests."""
        self.left()
        while self._found:
            with self._lock:
                journal, one = self._found.pop(0)
            self._drop(journal, one)

    def close(self) -> None:
        """Stop listening. Requests that have not ended by now are left to the next process."""
        forget, self._forget = self._forget, lambda: None
        forget()
        with self._lock:
            for journal in {id(journal): journal for journal, _ in self._found}.values():
                journal.close()
            self._found = []
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def _drop(self, journal: "_Journal", one: LeftRequest) -> None:
        """Remove a request from the journal of the process that left it."""
        with self._lock, suppress(OSError):
            if any(other is journal for other, _ in self._found):
                journal.write({"end": one.identity})
            else:
                journal.remove()

    def _take(self, event: Event) -> None:
        """Follow an event of the executor."""
        if event.kind not in {"queued", "started", "queue", *ENDS}:
            return
        with self._lock:
            try:
                self._follow(event)
            except OSError as error:
                if not self._warned:
                    self._warned = True
                    _LOG.warning(
                        "the queue is not kept in %s (%s): after a restart it is empty",
                        self._folder,
                        error.strerror or error,
                    )

    def _follow(self, event: Event) -> None:
        if event.kind in {"queued", "started"}:
            self._add(event.job)
        elif event.kind == "queue":
            self._order()
        # Those that were stopped may be resumed.
        elif not isinstance(event.error, QueueStoppedError):
            self._end(event.job)

    def _add(self, name: str) -> None:
        job = self._executor.find(name)
        request = job.request if job is not None else None
        if job is None or not isinstance(request, Request) or not request.save:
            return
        if name in self._identities:
            return
        identity = getattr(self._adopting, "identity", "") or uuid4().hex
        if self._journal is None:
            self._journal = _Journal.create(self._folder)
        line = {"add": identity, "label": job.label, "request": request.as_json()}
        self._journal.write(line)
        self._identities[name] = identity

    def _end(self, name: str) -> None:
        identity = self._identities.pop(name, None)
        if identity is None or self._journal is None:
            return
        if self._identities:
            self._journal.write({"end": identity})
        else:
            self._journal.remove()
            self._journal = None

    def _order(self) -> None:
        """Write the order of those that wait, and end those that are no longer there."""
        jobs = [*self._executor.jobs(), *self._executor.stopped]
        names = [job.name for job in jobs if job.name in self._identities]
        for name in self._identities.keys() - set(names):
            self._end(name)
        if names and self._journal is not None:
            self._journal.write({"order": [self._identities[name] for name in names]})


class _Journal:
    """A journal that this process holds locked."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor
        self._is_torn = False  # by a write that failed, as on a full disk

    @classmethod
    def create(cls, folder: Path) -> "_Journal":
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            made = cls.open(folder / f"{uuid4().hex}{_SUFFIX}", os.O_CREAT | os.O_EXCL)
            if made is not None:
                return made

    @classmethod
    def open(cls, path: Path, flags: int = 0) -> "_Journal | None":
        """Return the journal, locked; None if it is another process's, or gone."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | flags, 0o600)
        except FileNotFoundError:
            return None
        # Between open and lock another process may have removed it.
        with suppress(FileNotFoundError):
            facts = os.fstat(descriptor)
            is_there = stat.S_ISREG(facts.st_mode) and os.path.samestat(facts, path.stat())
            if is_there and try_lock(descriptor) and path.exists():
                return cls(path, descriptor)
        os.close(descriptor)
        return None

    def write(self, line: object) -> None:
        content = (b"\n" if self._is_torn else b"") + json.dumps(line).encode() + b"\n"
        self._is_torn = True
        if os.write(self._descriptor, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_torn = False

    def read(self) -> list[LeftRequest]:
        """Return the requests that have not ended, in their order."""
        found: dict[str, LeftRequest] = {}
        for line in read_regular(self.path, _MOST_BYTES).splitlines():
            if not line:
                continue
            try:
                _apply(json.loads(line), found)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigError):
                _LOG.warning("a line of %s is not of this program", self.path)
        return list(found.values())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)


def _apply(line: dict[str, object], found: dict[str, LeftRequest]) -> None:
    """Apply a line of a journal to the requests before it.

    Raises:
        ConfigError: its request is invalid.
        ValueError, TypeError, KeyError, AttributeError: it is not such a line.
    """
    if "add" in line:
        identity, label = str(line["add"]), str(line["label"])
        found[identity] = LeftRequest(identity, Request.from_json(str(line["request"])), label)
    elif "end" in line:
        found.pop(str(line["end"]), None)
    else:
        order: Sequence[object] = line["order"]  # type: ignore[assignment]  # checked by its use
        moved = {str(one): found.pop(str(one)) for one in order if str(one) in found}
        found.update(moved)


def _dead_journals(folder: Path) -> Iterator[_Journal]:
    """Yield the journals of dead processes, oldest first, locked."""
    try:
        paths = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    except OSError:
        return
    for path in paths:
        with suppress(OSError):
            if (journal := _Journal.open(path)) is not None:
                yield journal
