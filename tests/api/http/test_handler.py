"""What the log tells of a request that the server failed at."""

import logging
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, HTTPError

from medialab.api.http.handler import TokenHandler


@pytest.mark.parametrize("error", [ValueError("a defect"), HTTPError(403, "not you")])
def test_a_token_in_the_address_does_not_stand_in_the_log(caplog, error):
    connection = SimpleNamespace(set_close_callback=lambda _call: None)
    line = RequestStartLine("GET", "/jobs/a?token=hidden", "HTTP/1.1")
    request = HTTPServerRequest(
        connection=connection, start_line=line, headers=HTTPHeaders({"Host": "localhost"})
    )
    handler = TokenHandler(Application(), request)
    with caplog.at_level(logging.DEBUG):
        handler.log_exception(type(error), error, None)
    assert "/jobs/a" in caplog.text
    assert str(error).rpartition("(")[2].strip(")") in caplog.text
    assert "hidden" not in caplog.text
