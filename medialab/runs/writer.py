"""A thread that writes a picture while the next one is drawn: one at a time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Writer:
    """Does one thing at a time on a thread that ends with it, in the order of `submit`.

    At most one thing is unfinished, so that no more than one picture waits for the disk. A process
    that ends waits for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: Future[Any] | None = None

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Begin some work once the work before is done, and return its future."""
        with self._lock:
            self.wait()
            thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medialab-writer")
            found = thread.submit(work)
            thread.shutdown(wait=False)
            self._last = found
        return found

    def wait(self) -> None:
        """Wait until what was begun is done, or has failed."""
        if self._last is not None:
            wait([self._last])
