"""Each error has its status; a defect is told by its kind alone."""

import json

import pytest

from medialab import errors
from medialab.api.failures import answer_of, failure_of, job_answer, status_of
from medialab.devices.jobs import Job
from medialab.runs.plain import error_as_plain


def ended(error, *, is_over=True):
    job = Job("pictures", "", "", cancel=lambda *_: None)
    job.end("failed", run={}, failure=error_as_plain(error))
    if is_over:
        job.close()
    return job


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("ConfigError", 422),
        ("ModelNotFoundError", 404),
        ("JobNotFoundError", 404),
        ("PictureError", 422),
        ("PictureTooLargeError", 413),
        ("TooManyJobsError", 429),
        ("WorkerEndedError", 503),
        ("CancelledError", 503),
        ("QueueStoppedError", 503),
        ("OutOfMemoryError", 507),
        ("ArtifactError", 500),
    ],
)
def test_an_error_has_its_status_and_one_that_passes_says_when_to_come_back(error, status):
    kind = getattr(errors, error)
    assert status_of(kind("x")) == status
    headers = answer_of(kind("x"), str).headers
    assert ("Retry-After" in headers) == (status in {429, 503})


def test_a_fault_has_its_field_and_its_choices_and_no_folder():
    error = errors.ConfigError("no such in /home/ada/models").about("sampler", ["Euler"])
    answer = answer_of(error, lambda text: text.replace("/home/ada/", ""))
    assert answer.body["error"]["faults"] == [
        {"field": "sampler", "message": "no such in models", "choices": ["Euler"]}
    ]


def test_a_job_that_failed_is_answered_by_its_error_and_its_name():
    job = ended(errors.OutOfMemoryError("choose a smaller width"))
    answer = job_answer(job, str)
    assert (answer.status, answer.body["job"]) == (507, job.name)
    assert failure_of(job, str)["message"] == "choose a smaller width"


@pytest.mark.parametrize("error", [errors.OutOfMemoryError("no room"), ZeroDivisionError("x")])
def test_an_error_is_told_from_the_moment_that_the_job_has_it(error):
    """Its last event is told before all who wait for it go on, and clients read the job then."""
    early, late = ended(error, is_over=False), ended(error)
    told = [job_answer(one, str).body["error"] for one in (early, late)]
    assert told[0] == told[1]
    assert failure_of(early, str) == told[0]


def test_of_a_defect_the_message_is_not_told():
    answer = job_answer(ended(ZeroDivisionError("a secret")), str)
    assert (answer.status, answer.body["error"]["kind"]) == (500, "ZeroDivisionError")
    assert "secret" not in json.dumps(answer.body)
    assert "outputs/api.log" in answer.text
