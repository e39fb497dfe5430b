"""The operations that make pictures: /generate, /enhance, /batches."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

from pydantic import BaseModel

from medialab.api.failures import job_answer
from medialab.api.following import until_over
from medialab.api.http.operation import Asked, Operation
from medialab.api.messages import Answer, parsed
from medialab.api.requests import BatchRequest, EnhanceRequest, FailureAnswer, JobAnswer, Waiting
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.devices.jobs import Job

_HEADERS = {
    "Idempotency-Key": (
        "The client's own name for this request: sent again with it, the same job is answered."
    )
}
_ANSWERS: Mapping[int, type[BaseModel]] = {
    200: JobAnswer,
    202: JobAnswer,
    **dict.fromkeys((400, 404, 413, 415, 422, 429, 500, 503, 507), FailureAnswer),
}


async def generate(asked: Asked) -> Answer:
    """Make pictures from settings."""
    content = await asked.in_thread(asked.content)
    # An answer's own `config`, sent back, makes the same picture again.
    model = ResolvedConfig if "checkpoint_sha256" in content else PipelineConfig
    config = await asked.in_thread(parsed, model, content)
    return await _given(asked, functools.partial(asked.service.generate, config))


async def enhance(asked: Asked) -> Answer:
    """Make a picture from one that is sent along or lies in outputs/."""
    request = await asked.in_thread(asked.body, EnhanceRequest)
    return await _given(asked, functools.partial(asked.service.enhance, request))


async def make_batch(asked: Asked) -> Answer:
    """Make what is missing of a batch: a picture for every combination of some values."""
    request = await asked.in_thread(asked.body, BatchRequest)
    return await _given(asked, functools.partial(asked.service.batch, request))


async def _given(asked: Asked, submit: Callable[..., Job]) -> Answer:
    """Submit a request; wait for its job as long as the client asks."""
    query = asked.query(Waiting)
    await asked.until_ready()
    job = await asked.in_thread(submit, owner=asked.owner, key=asked.key)
    if query.wait:
        seconds = min(query.wait, asked.service.limits.most_wait)
        await until_over(job, seconds, asked.hung_up)
    if query.cancel and asked.hung_up.is_set():
        job.cancel()
    answer = await answer_with(asked, job, png=query.png, failed=True)
    return replace(answer, headers={**answer.headers, "Location": f"jobs/{job.name}"})


async def answer_with(asked: Asked, job: Job, *, png: bool, failed: bool = False) -> Answer:
    """Return a job as an answer: 200 once it is over, 202 before.

    Args:
        asked: The request.
        job: The job.
        png: Whether its pictures are in the answer.
        failed: Whether a job that failed is answered by its error, not as a job.
    """
    service = asked.service
    if failed and job.is_over and job.failure:
        return job_answer(job, service.without_folders)
    body = await asked.in_thread(service.described, job, png=png)
    status = HTTPStatus.OK if job.is_over else HTTPStatus.ACCEPTED
    return Answer(status, body)


OPERATIONS = (
    Operation(
        "POST",
        "/generate",
        generate,
        _ANSWERS,
        query=Waiting,
        bodies=(PipelineConfig, ResolvedConfig),
        headers=_HEADERS,
    ),
    Operation(
        "POST",
        "/enhance",
        enhance,
        _ANSWERS,
        query=Waiting,
        bodies=(EnhanceRequest,),
        headers=_HEADERS,
    ),
    Operation(
        "POST",
        "/batches",
        make_batch,
        _ANSWERS,
        query=Waiting,
        bodies=(BatchRequest,),
        headers=_HEADERS,
    ),
)
