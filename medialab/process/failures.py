"""Failures of jobs: caught, told which are alike, and let go of what they keep alive."""

import re
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from medialab.errors import CancelledError, QueueStoppedError
from medialab.process.events import Kind
from medialab.process.jobs import Job

T = TypeVar("T")

# After this many jobs in a row fail with the same error, the waiting ones would fail too.
MOST_ALIKE = 3
# Paths and numbers in an error's text (a job's own file, the free memory) differ from job to job;
# errors that differ only in these count as the same.
_OF_ONE_JOB = re.compile(r"\S*[/\\]\S*|[0-9]+")


def attempted(work: Callable[[], T]) -> tuple[Kind, T | None, BaseException | None]:
    """Do a job's work: the only place in the core where errors of any kind are caught.

    Also those that no `except Exception` holds, such as a listener's `asyncio.CancelledError`: they
    would end nothing but the thread's wait for the job, which then never ends.
    """
    try:
        return "done", work(), None
    except CancelledError as cancelled:
        return "cancelled", None, cancelled
    except BaseException as failure:  # noqa: BLE001 - the job shows it, and the queue goes on
        return "failed", None, failure


def reason_of(error: BaseException) -> tuple[type, str]:
    """Return what two errors have in common that came of the same cause."""
    return type(error), _OF_ONE_JOB.sub("", str(error))


def not_begun(job: Job[Any], failed: Job[Any], why: str) -> QueueStoppedError:
    """Return the error of a job that was not started, since one before it failed so often."""
    return QueueStoppedError(
        f"{job.name} was not started: {failed.name} and the {MOST_ALIKE - 1} before it failed "
        f"for the same reason ({why}); fix it, then run this again"
    )


def drop_frames(error: BaseException | None) -> None:
    """Release the frames that an error keeps alive, which hold every tensor of the failed run."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        if isinstance(error, AttributeError):
            error.obj = None
        error = error.__cause__ or error.__context__
