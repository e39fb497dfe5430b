"""The gateway answers in JSON whatever becomes of a request; no kernel is needed for a refusal."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from widgets import api_gateway
from widgets.api_gateway import ApiHandler


class Pool:
    """The one kernel of a gateway: it answers with `output`, or never and is `alive` or not."""

    def __init__(self, output=None, *, alive=True):
        self.output, self.alive, self.held = output, alive, 0

    async def acquire(self):
        self.held += 1
        return SimpleNamespace(execute=lambda code: code), "kernel"

    def release(self, _kernel_id):
        self.held -= 1

    async def is_alive(self, _kernel_id):
        return self.alive

    def on_recv(self, _kernel_id, receive):
        """Tell the output of a cell as a kernel does, later."""
        if self.output is not None:
            asyncio.get_running_loop().call_soon(self._tell, receive)

    def _tell(self, receive):
        code = receive.args[2]
        kind, content = self.output
        for name, told in ((kind, content), ("status", {"execution_state": "idle"})):
            parent = {"msg_id": code}
            receive({"parent_header": parent, "header": {"msg_type": name}, "content": told})


def ask(pool, path="/", **how):
    """Return status, content type and body of the answer of a real server."""

    async def asked():
        known = {"sources": {"GET": "1", "POST": "1"}, "response_sources": {}, "kernel_name": ""}
        route = ("/.*", ApiHandler, known | {"kernel_pool": pool, "kernel_language": "python"})
        server = HTTPServer(tornado.web.Application([route]))
        socket, port = bind_unused_port()
        server.add_socket(socket)
        try:
            return await AsyncHTTPClient().fetch(
                f"http://127.0.0.1:{port}{path}", raise_error=False, **how
            )
        finally:
            server.stop()
            await server.close_all_connections()

    # In a thread of its own: after browser tests, this one has a loop that runs.
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(asyncio.run, asked()).result(60)
    assert pool.held == 0
    return answer.code, answer.headers["Content-Type"], answer.body.decode()


def refused(answer):
    status, kind, body = answer
    assert kind == "application/json"
    return status, json.loads(body)["error"]


def test_what_the_kernel_prints_is_the_answer():
    status, _, body = ask(Pool(("stream", {"name": "stdout", "text": "[1, 2]"})))
    assert (status, body) == (200, "[1, 2]")


def test_a_cell_that_fails_is_told_by_the_kind_of_its_error_alone():
    failed = {"ename": "OSError", "evalue": "/home/ann/secret is gone"}
    status, error = refused(ask(Pool(("error", failed))))
    assert status == 500
    assert "OSError" in error["message"]
    assert "secret" not in json.dumps(error)


def test_a_kernel_that_dies_in_a_request_is_told_at_once(monkeypatch):
    monkeypatch.setattr(api_gateway, "_LOOK", 0.01)
    status, error = refused(ask(Pool(alive=False)))
    assert status == 503
    assert "ended during this request" in error["message"]
    assert "ask for a smaller picture" in error["message"]


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (415, {"Content-Encoding": "br"}, "compressed with br"),
        (400, {}, "not text in UTF-8"),
    ],
)
def test_a_body_that_is_no_text_reaches_no_kernel(status, headers, why):
    headers = {"Content-Type": "application/json", **headers}
    answer = ask(Pool(), method="POST", headers=headers, body=b"\xff\xfe")
    answered, error = refused(answer)
    assert answered == status
    assert why in error["message"]


def test_an_address_that_is_no_text_reaches_no_kernel():
    status, error = refused(ask(Pool(), "/?prompt=%ff"))
    assert status == 400
    assert error["message"]


def test_an_error_of_the_server_itself_tells_nothing_of_this_machine():
    class Broken(Pool):
        async def acquire(self):
            message = "/home/ann/secret"
            raise OSError(message)

    status, error = refused(ask(Broken()))
    assert status == 500
    assert "see its console" in error["message"]
    assert "secret" not in json.dumps(error)
