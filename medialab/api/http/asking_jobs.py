"""The operations on jobs: listed, read, cancelled, followed."""

import json
from collections.abc import AsyncIterator
from typing import Any

from medialab.api.failures import failure_of
from medialab.api.following import events_of
from medialab.api.http.making import answer_with
from medialab.api.http.operation import Asked, Operation, Stream
from medialab.api.messages import Answer, refused
from medialab.api.requests import (
    CancelQuery,
    FailureAnswer,
    JobAnswer,
    JobQuery,
    JobsAnswer,
    JobsQuery,
)
from medialab.api.service import Service
from medialab.devices.jobs import Job
from medialab.process.events import ENDS

_PAUSE = 15.0  # seconds after which a comment keeps a stream without events open
_MOST_DIGITS = 18  # of an event's id
_NOT_FOUND = {404: FailureAnswer}


async def list_jobs(asked: Asked) -> Answer:
    """List this client's jobs: running, waiting, then ended ones."""
    query = asked.query(JobsQuery)
    return Answer(200, await asked.in_thread(_listed, asked.service, asked.owner, query))


def _listed(service: Service, owner: str, query: JobsQuery) -> dict[str, Any]:
    chosen = [job for job in service.jobs(owner) if query.state in {None, job.state}]
    return {"jobs": [service.described(job, brief=True) for job in chosen[: query.limit]]}


async def read_job(asked: Asked) -> Answer:
    """Return a job, with its pictures once it is done."""
    query = asked.query(JobQuery)
    job = asked.service.job(asked.parts["name"], asked.owner)
    answer = await answer_with(asked, job, png=query.png)
    return Answer(200, answer.body)


async def cancel_job(asked: Asked) -> Answer:
    """Cancel a job: a waiting one at once, a running one at its next step."""
    query = asked.query(CancelQuery)
    name, owner = asked.parts["name"], asked.owner
    job = await asked.in_thread(asked.service.cancel, name, owner, keep=query.keep)
    return await answer_with(asked, job, png=False)


async def follow_job(asked: Asked) -> Stream:
    """Stream a job's events: progress with previews, and at the end what came of it.

    Each has an id; a client that was cut off sends the last one as Last-Event-ID.
    """
    job = asked.service.job(asked.parts["name"], asked.owner)
    last = asked.headers.get("last-event-id", "0")
    if not last.isdecimal() or len(last) > _MOST_DIGITS:
        raise refused(422, f"Last-Event-ID: {last[:99]!r} is not the id of an event")
    return Stream(_lines(asked.service, job, int(last)), "text/event-stream")


async def _lines(service: Service, job: Job, after: int) -> AsyncIterator[bytes]:
    """Yield a job's events as server-sent events."""
    async for event in events_of(job, after, _PAUSE):
        if event is None:
            yield b": still here\n\n"
            continue
        data = dict(event.data)
        if event.kind == "row" and "error" in data:
            data["error"] = service.without_folders(data["error"])
        if event.kind in ENDS:
            data |= {"state": job.state, "seconds": round(job.seconds, 3)}
            if job.failure:
                data["error"] = failure_of(job, service.without_folders)
            else:
                data["pictures"] = service.described(job, brief=True)["pictures"]
        text = json.dumps(data)
        yield f"id: {event.number}\nevent: {event.kind}\ndata: {text}\n\n".encode()


OPERATIONS = (
    Operation("GET", "/jobs", list_jobs, {200: JobsAnswer, 422: FailureAnswer}, query=JobsQuery),
    Operation(
        "GET",
        "/jobs/{name}",
        read_job,
        {200: JobAnswer, 422: FailureAnswer, **_NOT_FOUND},
        query=JobQuery,
    ),
    Operation(
        "DELETE",
        "/jobs/{name}",
        cancel_job,
        {200: JobAnswer, 202: JobAnswer, 422: FailureAnswer, **_NOT_FOUND},
        query=CancelQuery,
    ),
    Operation(
        "GET",
        "/jobs/{name}/events",
        follow_job,
        {200: ("text/event-stream",), 422: FailureAnswer, **_NOT_FOUND},
        headers={"Last-Event-ID": "The id of the last event that the client has."},
    ),
)
