"""A service over the bench of tiny models, and a request as the gateway hands it over."""

import json

import pytest

from medialab.api.service import Service


@pytest.fixture
def service(bench):
    return Service(bench)


def ask(service, method, endpoint, body="", **more):
    request = {"path": {"endpoint": endpoint}, "args": {}, "headers": {}, "body": body} | more
    answer = service.answer(method, json.dumps(request))
    assert json.loads(answer.head)["status"] == answer.status
    return answer.status, json.loads(answer.text, parse_constant=pytest.fail)
