"""progress and interrupt: of the client's own job that is being made."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from medialab.api.http.operation import Asked, Operation
from medialab.api.messages import Answer
from medialab.api.requests import FailureAnswer
from medialab.devices.jobs import Job


class ProgressQuery(BaseModel):
    """What is told of progress."""

    model_config = ConfigDict(extra="forbid")

    skip_current_image: bool = False


class ProgressAnswer(BaseModel):
    """How far the client's job is; 0 if none is being made."""

    progress: float
    eta_relative: float
    state: dict[str, Any]
    current_image: str | None
    textinfo: str | None


async def progress(asked: Asked) -> Answer:
    """Tell how far this client's running job is, with its newest preview."""
    query = asked.query(ProgressQuery)
    jobs = [job for job in asked.service.jobs(asked.owner) if not job.is_over]
    running = next((job for job in jobs if job.state == "running"), None)
    steps = _last_step(running) if running else {}
    share = _share(steps)
    eta = running.seconds * (1 - share) / share if running and share else 0.0
    state = {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": running.name if running else "",
        "job_count": int(steps.get("images", 1)) if running else len(jobs),
        "job_timestamp": f"{running.created:%Y%m%d%H%M%S}" if running else "0",
        "job_no": max(int(steps.get("image", 0)) - 1, 0),
        "sampling_step": int(steps.get("step", 0)),
        "sampling_steps": int(steps.get("steps", 0)),
    }
    preview = None if query.skip_current_image else steps.get("preview")
    body = {
        "progress": share,
        "eta_relative": eta,
        "state": state,
        "current_image": preview,
        "textinfo": steps.get("stage") or None,
    }
    return Answer(200, body)


async def interrupt(asked: Asked) -> Answer:
    """Cancel this client's running job; those that wait are made."""
    for job in asked.service.jobs(asked.owner):
        if job.state == "running":
            await asked.in_thread(asked.service.cancel, job.name, asked.owner)
    return Answer(200, {})


def _last_step(job: Job) -> Mapping[str, Any]:
    """Return what was told of a job's last step; empty before its first."""
    steps = [event.data for event in job.events() if event.kind in {"planned", "stage", "step"}]
    return steps[-1] if steps else {}


def _share(steps: Mapping[str, Any]) -> float:
    """Return the share of a job that is made, as A1111 counts: pictures, and steps of this one.

    Of a picture with several stages, only the steps of the stage that runs count. Pictures that are
    drawn at once are at the same step.
    """
    images = max(int(steps.get("images", 0)), 1)
    done = max(int(steps.get("image", 0)) - int(steps.get("place", 1)), 0)
    of_this = int(steps.get("step", 0)) / max(int(steps.get("steps", 0)), 1)
    of_this *= int(steps.get("together", 1))
    return round(min((done + of_this) / images, 1.0), 4)


OPERATIONS = (
    Operation(
        "GET",
        "/sdapi/v1/progress",
        progress,
        {200: ProgressAnswer, 422: FailureAnswer},
        query=ProgressQuery,
    ),
    Operation("POST", "/sdapi/v1/interrupt", interrupt, {200: ("application/json",)}),
)
