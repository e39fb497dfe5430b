"""A service over the tiny models, with a worker of its own: one for each file of tests."""

import pytest

from medialab.api.service import Service


@pytest.fixture(scope="module")
def service(tiny_models, tmp_path_factory):
    made = Service(tiny_models, tmp_path_factory.mktemp("service") / "outputs", "cpu")
    made.executor.device()  # waits for the worker
    yield made
    made.close()
