"""The API's description is one, is complete, and every request by it is answered as it says."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from medialab.api.http.openapi import document
from medialab.api.http.routes import ROUTES, by_path, pattern_of
from tests.api.serving import TIMEOUT, serving_api

# Whatever is asked for by chance is small, and little of it waits at a time.
SMALL = {"most_steps": 1, "most_pixels": 4096, "most_waiting": 2, "most_wait": 0.1, "most_rows": 4}
AS_DESCRIBED = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def server(tiny_models, tmp_path_factory):
    with serving_api(tiny_models, tmp_path_factory.mktemp("openapi"), SMALL) as running:
        running.wait(lambda: running.client.get("/health").json()["worker"] == "ready")
        yield running


@pytest.fixture(scope="module")
def api(server):
    described = server.client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=server.address)
    return schema


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {one.path}")
def test_requests_of_every_kind_are_answered_as_the_description_says(server, api, route, mode):
    @settings(
        max_examples=6,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(case=api[route.path][route.method].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(
            headers={"Authorization": f"token {server.token}"}, checks=AS_DESCRIBED, timeout=TIMEOUT
        )

    with suppress(Unsatisfiable):  # there is no bad request without an argument
        ask()


def test_every_route_is_described_with_its_body_its_answers_and_what_it_does():
    paths = document(ROUTES, "")["paths"]
    assert {(path, method.upper()) for path, told in paths.items() for method in told} == {
        (one.path, one.method) for one in ROUTES
    }
    operations = [one for told in paths.values() for one in told.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(one["summary"].endswith(".") for one in operations)
    body = paths["/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/PipelineConfig"} in body["anyOf"]
    assert paths["/generate"]["post"]["responses"].keys() >= {"200", "202", "401", "422", "429"}
    (wait,) = [one for one in paths["/generate"]["post"]["parameters"] if one["name"] == "wait"]
    assert (wait["in"], wait["schema"]["maximum"]) == ("query", 600)


def test_the_root_is_where_it_is_served():
    assert document(ROUTES, "/user/ada/medialab")["servers"] == [{"url": "/user/ada/medialab"}]


def test_a_part_of_a_path_is_one_segment_or_several():
    patterns = {path: pattern_of(path, told) for path, told in by_path(ROUTES).items()}
    assert patterns["/jobs/{name}/events"] == "/jobs/(?P<name>[^/]+)/events"
    assert patterns["/pictures/{name}"] == "/pictures/(?P<name>.+)"
