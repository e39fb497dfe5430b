"""A page of the app may end its own kernel; nothing else passes the check for forged requests."""

from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from widgets.app_identity import AppIdentityProvider

GOODBYE = "/voila/api/shutdown/0a1b2c3d-0000-4000-8000-00000000000f"
OURS = {"Host": "127.0.0.1:8866", "Origin": "http://127.0.0.1:8866"}


def request_of(method, path, headers):
    line = RequestStartLine(method, path, "HTTP/1.1")
    return HTTPServerRequest(start_line=line, headers=HTTPHeaders(headers))


def passes(path=GOODBYE, *, method="POST", headers=OURS, user="ann"):
    request = request_of(method, path, headers)
    # What the rules see of a handler; no request here carries a token.
    handler = SimpleNamespace(request=request, current_user=user)
    return AppIdentityProvider().is_token_authenticated(handler)


def test_the_beacon_of_a_closed_page_passes_without_headers_of_its_own():
    assert passes()
    assert passes(f"/behind/a/proxy{GOODBYE}")


@pytest.mark.parametrize(
    "headers",
    [
        OURS | {"Origin": "http://evil.example"},
        OURS | {"Origin": "http://127.0.0.1:9999"},
        OURS | {"Origin": "null"},
        OURS | {"Origin": ""},
        {"Host": "127.0.0.1:8866"},
        {"Host": ""},
    ],
)
def test_a_page_from_elsewhere_does_not_pass(headers):
    assert not passes(headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        "/voila/api/shutdown/",
        "/voila/api/shutdown/../../api/kernels",
        f"{GOODBYE}/more",
        "/api/kernels/0a1b2c3d",
        "/voila/api/shutdown-all/0a1b",
    ],
)
def test_no_other_address_passes(path):
    assert not passes(path)


def test_nobody_passes_without_a_login_or_by_another_method():
    assert not passes(user=None)
    assert not passes(method="GET")
    assert not passes(method="DELETE")


def test_a_request_with_a_token_passes_as_in_jupyter():
    request = request_of("DELETE", "/api/kernels/1", OURS)
    handler = SimpleNamespace(request=request, current_user="ann", _token_authenticated=True)
    assert AppIdentityProvider().is_token_authenticated(handler)
