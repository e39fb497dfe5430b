"""What a process is sent of a job, and what clients are told of its events."""

from collections.abc import Mapping
from typing import Any

from medialab.devices.jobs import Job


def message_of(job: Job) -> dict[str, Any]:
    """Return the message that gives a process a job."""
    if job.request is not None:
        return {"task": job.name, "make": job.request.as_json()}
    return {"task": job.name, "measure": job.batch}


def told_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client is told of an event: nothing of what is empty, and no run."""
    left_out = {"kind", "job", "run", "error"}
    return {name: one for name, one in event.items() if name not in left_out and one}
