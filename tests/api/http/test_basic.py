"""A token is taken as the password of HTTP Basic, and nothing else is."""

import base64

import httpx
import pytest

from medialab.api.http.basic import token_for_password


def basic(text):
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (basic("ada:secret"), "token secret"),
        (basic(":secret"), "token secret"),
        (basic("ada:a:b"), "token a:b"),
        (basic("ada:secret").replace("Basic", "bAsIc"), "token secret"),
        (basic("ada:"), basic("ada:")),
        (basic("ada"), basic("ada")),
        (basic("ada:two\r\nX-Header: lines"), basic("ada:two\r\nX-Header: lines")),
        ("Basic no base64!", "Basic no base64!"),
        ("Basic", "Basic"),
        ("token secret", "token secret"),
        ("Bearer secret", "Bearer secret"),
    ],
)
def test_the_password_of_basic_is_the_token(given, read):
    headers = {"Authorization": given}
    token_for_password(headers)
    assert headers == {"Authorization": read}


def test_no_header_stays_none():
    headers = {}
    token_for_password(headers)
    assert headers == {}


@pytest.mark.thorough
def test_a_server_takes_its_token_as_a_password_of_any_user_and_no_other(api_server):
    for user, password, status in (
        ("ada", api_server.token, 200),
        ("", api_server.token, 200),
        (api_server.token, "", 401),
        ("ada", "wrong", 401),
    ):
        assert (
            httpx.get(f"{api_server.address}/models", auth=(user, password)).status_code == status
        )
    # It is the same client, whichever way it says its token; and no foreign page may use it.
    job = api_server.client.post("/generate", json={"steps": 1, "width": 64, "height": 64}).json()
    with httpx.Client(base_url=api_server.address, auth=("ada", api_server.token)) as ada:
        assert ada.get(f"/jobs/{job['name']}").status_code == 200
        foreign = {"Origin": "https://elsewhere.example"}
        assert ada.get("/models", headers=foreign).status_code == 403
