"""A program's own server answers it, and ends with it, whatever ends it."""

import httpx
import psutil
import pytest

from medialab.api.launching import OwnServer
from medialab.errors import MediaLabError
from tests.api.serving import environment

pytestmark = pytest.mark.slow


@pytest.mark.thorough
def test_it_answers_whoever_has_its_token_and_ends_with_the_block(tiny_models, tmp_path):
    own = environment(tmp_path / "home", tiny_models, tmp_path / "outputs")
    with OwnServer(own) as server:
        process = psutil.Process(server.pid)
        assert httpx.get(f"{server.address}/health", headers=server.headers).status_code == 200
        assert httpx.get(f"{server.address}/health").status_code == 401
        assert server.token not in " ".join(process.cmdline())
        family = [process, *process.children(recursive=True)]
    gone, alive = psutil.wait_procs(family, 30)
    assert (len(gone), alive) == (len(family), [])


def test_one_that_does_not_start_is_told(tmp_path):
    with pytest.raises(MediaLabError, match="says why"):
        OwnServer({"PYTHONHOME": str(tmp_path)})
