"""Where a request may go, and what a message repeats of an answer."""

import httpx
import pytest

from medialab.errors import RemoteError
from medialab.remote.http import _followed, asked, is_elsewhere, said
from medialab.remote.source import DownloadRequest
from medialab.remote.tokens import Token
from tests.remote.civitai_server import redirecting


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("https://civitai.com/a", "https://storage.example/b", "https://storage.example/b"),
        ("https://civitai.com/a/b", "../c?d=e", "https://civitai.com/c?d=e"),
        ("http://127.0.0.1/a", "https://storage.example/b", "https://storage.example/b"),
        ("https://civitai.com/a", "//storage.example/b", "https://storage.example/b"),
    ],
)
def test_redirects_are_followed_within_the_web(url, location, target):
    assert str(_followed("CivitAI", "GET", httpx.URL(url), location)) == target


def test_a_redirect_never_gives_up_encryption():
    with pytest.raises(RemoteError, match=r"without encryption \(storage.example\)"):
        _followed("CivitAI", "GET", httpx.URL("https://civitai.com/a"), "http://storage.example/b")


def test_a_request_with_a_body_is_not_redirected(server):
    server.api.faults = [redirecting(server.storage.site, 307)]
    request = DownloadRequest(f"{server.url}/model-versions/by-hash")
    with (
        pytest.raises(RemoteError, match="redirects where it should answer"),
        asked("CivitAI", request, method="POST", content=b"[]"),
    ):
        pass
    assert not server.storage.requests


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "no address", "", "http://", "http://a:b@127.0.0.1/", "\0", "//x"]
)
def test_what_is_no_address_of_the_web_is_refused_before_anything_is_sent(url):
    with (
        pytest.raises(RemoteError, match=r"CivitAI (names|leads to) an address"),
        asked("CivitAI", DownloadRequest(url)),
    ):
        pass


def test_own_headers_stay_with_the_own_host(server):
    request = DownloadRequest(f"{server.url}/x", Token("k3y", "here"), {"X-Own": "1"})
    server.api.faults = [redirecting(f"{server.storage.site}/picture/1")]
    with asked("CivitAI", request, headers={"Range": "bytes=1-"}) as answer:
        assert answer.status_code == 200
        assert is_elsewhere(request, answer)
    first, second = server.api.requests[0].headers, server.storage.requests[0].headers
    assert (first["X-Own"], first["Range"]) == ("1", "bytes=1-")
    assert (second["X-Own"], second["Authorization"], second["Range"]) == (None, None, "bytes=1-")


def test_an_answer_of_the_own_host_is_not_from_elsewhere(server):
    request = DownloadRequest(f"{server.url}/models")
    with asked("CivitAI", request) as answer:
        assert not is_elsewhere(request, answer)


def test_words_of_a_source_are_one_short_line_without_the_token():
    token = Token("k3y", "here")
    assert said("wrong\n\x1b[31mkey:\u202e k3y", token) == "wrong [31mkey: …"
    assert len(said("long " * 1000)) == 200
    assert said({"k3y": 1}, token) == said(None) == ""
