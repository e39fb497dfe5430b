"""Functions that run in turns: each on a thread of its own, one at a time, handing over.

A library's function that computes from its beginning to its end can so be held where it calls
back, while others are brought to the same point.
"""

import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# What a strand's work is given: it holds the strand until it is resumed, and returns the answer.
Ask = Callable[[Any], Any]


class _Stopped(BaseException):
    """Ends the work of a strand that is closed; no `except Exception` of a library holds it."""


class Strand(Generic[T]):
    """A function on a thread of its own, which computes only while `resume` waits for it.

    Close it in any case: a strand that asks waits for its answer for ever.

    Args:
        work: The function. It is given `ask`, which it may call with a question, on its own thread.
        name: The thread's name.
    """

    def __init__(self, work: Callable[[Ask], T], name: str) -> None:
        self._work = work
        self._answers: SimpleQueue[tuple[Any, bool]] = SimpleQueue()  # answer, whether to go on
        self._handed_over = threading.Semaphore(0)
        self._question: Any = None
        self._fault: BaseException | None = None
        self._result: T | None = None
        self._is_stopped = False
        self.has_ended = False
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name=name, daemon=True
        )
        self._thread.start()

    def resume(self, answer: Any = None) -> Any:
        """Let the work go on until it asks again or ends, and return its question.

        Args:
            answer: To its last question; to begin, any.

        Returns:
            The question; None if it has ended.

        Raises:
            BaseException: the error that the work has ended with.
        """
        self._answers.put((answer, True))
        self._handed_over.acquire()
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        question, self._question = self._question, None
        return question

    @property
    def result(self) -> T:
        """The work's result, once it has ended."""
        return self._result  # type: ignore[return-value]  # None only for work of None

    def close(self) -> None:
        """End the work where it asks, if it has not ended, and wait for the thread's end."""
        self._answers.put((None, False))
        self._thread.join()
        self._fault = self._question = None

    def _run(self) -> None:
        try:
            self._ask(None)
            self._result = self._work(self._ask)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - `resume` raises it on its own thread
            self._fault = error
        finally:
            self.has_ended = True
            self._handed_over.release()

    def _ask(self, question: Any) -> Any:
        if question is not None:
            self._question = question
            self._handed_over.release()
        if not self._is_stopped:
            answer, goes_on = self._answers.get()
            if goes_on:
                return answer
        self._is_stopped = True
        raise _Stopped
