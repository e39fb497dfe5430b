"""Any answer to a download: a verified file, or a named error and nothing under a model's name."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab.errors import MediaLabError
from medialab.files.hashes import HashCache
from medialab.remote import patience
from medialab.remote.civitai import CivitAI
from medialab.remote.downloads import Downloads
from tests.examples import examples
from tests.remote.civitai_server import CivitaiServer, lora

CONTENT = lora(1)
BODIES = {
    "whole": CONTENT,
    "cut": CONTENT[:-1],
    "longer": CONTENT + b"x",
    "beginning": CONTENT[:100],
    "nothing": b"",
    "page": b"<html>",
}
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
STATUSES = [200, 200, 200, 206, 206, 301, 302, 400, 401, 403, 404, 410, 416, 429, 500, 503, 999]
NAMES = ['attachment; filename="../../x.safetensors"', "attachment; filename=x.pt"]
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/octet-stream", "text/html", "application/json"]
        ),
        "Content-Length": st.sampled_from(
            ["0", "5", str(len(CONTENT)), "99999999999999999999", "x"]
        ),
        "Content-Range": st.sampled_from(
            ["bytes 0-4/5", f"bytes 0-9/{len(CONTENT)}", "bytes */*", "no"]
        ),
        "Content-Encoding": st.sampled_from(["identity", "gzip", "br"]),
        "Content-Disposition": st.sampled_from(NAMES) | TEXTS,
        "ETag": st.sampled_from(['"a"', "W/b", '"']) | TEXTS,
        # Not to another host: no test may ask one.
        "Location": st.sampled_from(["/", "file:///etc/passwd", "http://[::1", "//127.0.0.1:9/"])
        | TEXTS.map("/x{}".format),
        "Retry-After": st.sampled_from(["0", "-1", "99999", "soon"]),
        "Cache-Control": st.just("no-store"),
        "Transfer-Encoding": st.just("chunked"),
    },
)
ANSWERS = st.tuples(
    st.sampled_from(STATUSES), HEADERS, st.sampled_from(list(BODIES)) | st.binary(max_size=200)
)


def answering(code, headers, body):
    def fault(handler, _):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(BODIES[body] if isinstance(body, str) else body)
        handler.close_connection = True

    return fault


@pytest.fixture(scope="module")
def server():
    with CivitaiServer() as civitai:
        civitai.add_model("Ink", content=CONTENT)
        civitai.add_model("Unlisted", content=CONTENT, file={"hashes": None, "sizeKB": None})
        yield civitai


@settings(max_examples=examples(40))
@given(
    st.sampled_from(["api", "storage"]),
    st.lists(ANSWERS, min_size=1, max_size=4),
    st.sampled_from(["100", "200"]),
)
def test_any_answer_gives_the_file_or_a_named_error(server, host, answers, key):
    server.api.faults, server.storage.faults = [], []
    version = CivitAI(server.url).version(key)
    getattr(server, host).faults = [answering(*one) for one in answers]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as place:
        patch.setattr(patience, "CUT_WAITS", (0.0, 0.0, 0.0))
        patch.setattr(patience, "BUSY_WAITS", (0.0, 0.0))
        models = Path(place, "inside", "models")
        queue = Downloads(models, HashCache())
        try:
            error = queue.start(version).wait(60).error
        finally:
            queue.close()
        assert error is None or isinstance(error, MediaLabError), repr(error)
        there = [one for one in Path(place).rglob("*") if one.is_file() and ".part" not in one.name]
        assert all(one.parent == models / "loras" for one in there)
        if error is None:
            (model,) = [one for one in there if one.suffix == ".safetensors"]
            assert model.read_bytes() == CONTENT
        else:
            assert there == []
