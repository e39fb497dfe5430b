"""What a client is told of an error: a status as of HTTP, a sentence, and the fields at fault."""

from collections.abc import Callable, Mapping
from typing import Any

from medialab import errors
from medialab.api.messages import Answer, failure
from medialab.devices.jobs import Job
from medialab.errors import (
    ArtifactError,
    CancelledError,
    JobNotFoundError,
    MediaLabError,
    ModelNotFoundError,
    NotFiniteError,
    OutOfMemoryError,
    PictureTooLargeError,
    TooManyJobsError,
    WorkerEndedError,
)
from medialab.runs.plain import error_from_plain

DEFAULT_STATUS = 422
STATUS: Mapping[type[MediaLabError], int] = {
    JobNotFoundError: 404,
    ModelNotFoundError: 404,
    PictureTooLargeError: 413,
    TooManyJobsError: 429,
    CancelledError: 503,
    WorkerEndedError: 503,
    ArtifactError: 500,
    NotFiniteError: 500,
    OutOfMemoryError: 507,
}
_RETRY_SECONDS = 10


def status_of(error: MediaLabError) -> int:
    """Return the status by which an error is answered."""
    return next((one for kind, one in STATUS.items() if isinstance(error, kind)), DEFAULT_STATUS)


def answer_of(error: MediaLabError, without_folders: Callable[[str], str]) -> Answer:
    """Return the answer to a request that was refused, with the setting at fault if it is known.

    Args:
        error: Why.
        without_folders: Takes the paths of this machine out of a text.
    """
    status = status_of(error)
    message = without_folders(error.message)
    fault: dict[str, Any] = {"field": error.setting, "message": message}
    if error.choices:
        fault["choices"] = list(error.choices)
    headers = {"Retry-After": str(_RETRY_SECONDS)} if status in {429, 503} else {}
    faults = [fault] if error.setting else []
    return failure(status, type(error).__name__, message, faults, headers)


def failure_of(job: Job, without_folders: Callable[[str], str]) -> Mapping[str, Any]:
    """Return what a client is told of a job's error, as `requests.Failure` describes it."""
    told = job_answer(job, without_folders).body["error"]
    return dict(told)


def job_answer(job: Job, without_folders: Callable[[str], str]) -> Answer:
    """Return the answer to a request whose job failed.

    Of a defect it has the kind alone: its message and traceback are in outputs/api.log.
    """
    kind = job.failure["kind"]
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, MediaLabError):
        # `Job.error` waits until all have heard of its last event, as this client may just do.
        told = answer_of(error_from_plain(job.failure), without_folders)
    else:
        message = f"the studio failed with {kind}; its traceback is in outputs/api.log"
        told = failure(500, kind, message)
    return Answer(told.status, {**told.body, "job": job.name}, told.headers)
