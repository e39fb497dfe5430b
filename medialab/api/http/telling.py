"""The operations that tell what there is: models, capabilities, health."""

from medialab.api.http.metrics import METRICS_TYPE, metrics_text
from medialab.api.http.operation import Asked, Content, Operation
from medialab.api.messages import Answer
from medialab.api.requests import FailureAnswer, HealthAnswer, ModelsAnswer, ModelsQuery


async def list_models(asked: Asked) -> Answer:
    """List the files in the models folders, with the reason where one is refused."""
    query = asked.query(ModelsQuery)
    return Answer(200, await asked.in_thread(asked.service.models, query.kind))


async def tell_capabilities(asked: Asked) -> Answer:
    """Return versions, device, stages with their settings, and all choices."""
    await asked.until_ready()
    return Answer(200, await asked.in_thread(asked.service.capabilities))


async def tell_metrics(asked: Asked) -> Content:
    """Return numbers for Prometheus: jobs, seconds of each stage, memory."""
    text = await asked.in_thread(metrics_text, asked.service)
    return Content(text.encode(), METRICS_TYPE)


async def tell_health(asked: Asked) -> Answer:
    """Return that the server answers, and what the process that makes the pictures does."""
    return Answer(200, asked.service.health())


OPERATIONS = (
    Operation(
        "GET",
        "/models",
        list_models,
        {200: ModelsAnswer, 404: FailureAnswer, 422: FailureAnswer},
        query=ModelsQuery,
    ),
    Operation("GET", "/capabilities", tell_capabilities, {200: ("application/json",)}),
    Operation("GET", "/health", tell_health, {200: HealthAnswer}),
    Operation("GET", "/metrics", tell_metrics, {200: ("text/plain",)}),
)
