"""The API as an extension of a Jupyter server that has its own base_url, token and notebooks."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.api.serving import TIMEOUT, TOKEN, environment, free_port

pytestmark = pytest.mark.slow

HEADERS = {"Authorization": f"token {TOKEN}"}


@pytest.fixture(scope="module")
def lab(tiny_models, tmp_path_factory):
    """The address of a Jupyter server with the extension, below /user/ada/; its process."""
    folder = tmp_path_factory.mktemp("lab")
    port, home = free_port(), folder / "home"
    (home / "config").mkdir(parents=True)
    own = {"models": [str(tiny_models)], "outputs": str(folder / "out"), "device": "cpu"}
    config = {
        "ServerApp": {
            "base_url": "/user/ada/",
            "port": port,
            "open_browser": False,
            "allow_root": True,
            "jpserver_extensions": {"medialab.api": True},
        },
        "StudioApi": own,
    }
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    variables = environment(home, tiny_models, folder / "unused") | {"JUPYTER_TOKEN": TOKEN}
    address = f"http://127.0.0.1:{port}/user/ada/"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"],
            env=variables,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        with httpx.Client(base_url=address, timeout=TIMEOUT) as client:
            while process.poll() is None:
                try:
                    client.get("api")
                except httpx.TransportError:
                    continue
                break
            assert process.poll() is None, (folder / "log").read_text()
            yield client
        process.terminate()
        process.wait(30)
    assert not (folder / "unused").exists()


@pytest.mark.thorough
def test_it_stands_beside_jupyters_own_paths_below_the_base_url(lab):
    health = lab.get("medialab/health", headers=HEADERS)
    assert (health.status_code, health.json()["worker"]) == (200, "none")
    assert lab.get("api/kernels", headers=HEADERS).json() == []
    described = lab.get("medialab/openapi.json", headers=HEADERS).json()
    assert described["servers"] == [{"url": "/user/ada/medialab"}]
    assert lab.get("medialab/nothing", headers=HEADERS).json()["error"]["kind"] == "RequestError"
    assert lab.get("health", headers=HEADERS).status_code == 404


@pytest.mark.thorough
def test_nobody_without_jupyters_token_is_answered(lab):
    lab.cookies.clear()
    for headers in ({}, {"Authorization": "token wrong"}):
        assert lab.get("medialab/jobs", headers=headers).status_code == 401
        assert lab.post("medialab/generate", headers=headers, json={}).status_code == 401


def test_a_page_of_the_server_asks_with_its_cookies_and_no_other_page_does(lab):
    lab.get(f"tree?token={TOKEN}")
    cookies = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in lab.cookies.jar)}
    assert lab.get("medialab/jobs", headers=cookies).json() == {"jobs": []}
    bad = {"steps": 0}
    assert lab.post("medialab/generate", headers=cookies, json=bad).status_code == 403
    token = {"X-XSRFToken": lab.cookies["_xsrf"]}
    assert lab.post("medialab/generate", headers=cookies | token, json=bad).status_code == 422
    foreign = {"Origin": "http://evil.example"}
    assert lab.get("medialab/jobs", headers=cookies | foreign).status_code == 403


@pytest.mark.thorough
def test_a_request_starts_the_process_and_is_made_in_its_own_outputs(lab):
    asked = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
    made = lab.post("medialab/generate?wait=100", headers=HEADERS, json=asked).json()
    picture = lab.get(f"medialab/{made['pictures'][0]['url']}", headers=HEADERS)
    assert picture.headers["Content-Type"] == "image/png"
