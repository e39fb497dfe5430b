"""A request's content is read or refused by the status that says why."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.api import messages
from medialab.api.http.a1111.requests import Txt2ImgRequest
from medialab.api.messages import (
    Answer,
    RefusedError,
    content_of,
    decoded,
    parsed,
    refused,
)
from medialab.config.pipeline import PipelineConfig


def refusal(function, *arguments):
    """The status and the error of what is refused."""
    with pytest.raises(RefusedError) as raised:
        function(*arguments)
    assert json.loads(raised.value.answer.text) == raised.value.answer.body
    return raised.value.answer.status, raised.value.answer.body["error"]


def test_an_answer_is_written_as_json():
    assert json.loads(Answer(405, {"a": "ü"}, {"Allow": "POST"}).text) == {"a": "ü"}


def test_a_refusal_names_its_field_where_there_is_one():
    assert refused(422, "no", field="image").answer.body["error"] == {
        "kind": "RequestError",
        "message": "no",
        "faults": [{"field": "image", "message": "no"}],
    }
    assert refused(400, "no").answer.body["error"]["faults"] == []
    assert refused(405, "no", headers={"Allow": "GET"}).answer.headers == {"Allow": "GET"}


@pytest.mark.parametrize("kind", [None, "", "application/json", "application/json; charset=utf-8"])
def test_an_object_is_taken(kind):
    assert content_of(b'{"a": "\xc3\xbc"}', kind) == {"a": "ü"}


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"\xff", None, 400, "not text in UTF-8"),
        ('{"seed": 1}'.encode("utf-16"), None, 400, "not text in UTF-8"),
        ('{"a": NaN}', None, 400, "NaN is not a value of JSON"),
        ('{"a": -1e999}', None, 400, "-1e999 is not a value of JSON"),
        ("{}", "application/x-www-form-urlencoded", 415, "send application/json"),
        ("{", None, 400, "not valid JSON"),
        ("[" * 100_000, None, 400, "not valid JSON"),
        ("9" * 5000, None, 400, "not valid JSON"),
        ('{"a": "\\ud800"}', None, 400, "invalid Unicode"),
        ("[1]", None, 400, "a JSON list; send an object"),
        ("3", None, 400, "a JSON int; send an object"),
        ("null", None, 400, "send an object"),
        ('{"steps": 5, "seed": 1, "steps": 50}', None, 400, "'steps' is given twice"),
        ('{"face": {"steps": 5, "steps": 50}}', None, 400, "'steps' is given twice"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", None, 400, "more than 50 deep"),
        ('{"a": ' * 60 + "1" + "}" * 60, None, 400, "more than 50 deep"),
    ],
)
def test_what_is_no_object_is_refused_by_its_kind(body, kind, status, said):
    content = body if isinstance(body, bytes) else body.encode()
    found, error = refusal(content_of, content, kind)
    assert found == status
    assert said in error["message"]


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3)
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
)


@given(values=st.dictionaries(st.text(max_size=3), PLAIN), deep=st.integers(0, 120))
def test_what_is_read_can_be_answered_and_is_what_was_sent(values, deep):
    inside = values
    for _ in range(deep):
        inside = {"a": [inside]}
    text = json.dumps(inside, ensure_ascii=False)
    try:
        read = content_of(text.encode(), None)
    except (RefusedError, UnicodeEncodeError):  # half a character
        return
    request = Txt2ImgRequest.model_validate({"settings": read})
    assert json.loads(Answer(200, request.model_dump(mode="json")).text)["settings"] == inside


def test_every_fault_of_a_body_is_told_by_its_field():
    assert parsed(PipelineConfig, {"seed": 3}).seed == 3
    status, error = refusal(parsed, PipelineConfig, {"steps": 0, "face": {"strenght": 1}})
    assert (status, error["kind"]) == (422, "ConfigError")
    assert {one["field"] for one in error["faults"]} == {"steps", "face.strenght"}
    assert "steps: " in error["message"]
    assert "; " in error["message"]


def test_base64_is_read_with_line_breaks_and_as_a_data_url():
    content = bytes(range(256))
    text = base64.b64encode(content).decode()
    for told in (text, "\n ".join([text[:76], text[76:]]), f"data:image/png;base64,{text}"):
        assert decoded(told) == content


@pytest.mark.parametrize("text", ["no base64!", "abc", "data:image/png,abcd "])
def test_what_is_no_base64_is_refused_by_its_field(text):
    status, error = refusal(decoded, text if text != "data:image/png,abcd " else "data:x;base64,a")
    assert (status, error["faults"][0]["field"]) == (422, "image")


def test_a_picture_over_the_limit_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(messages, "MOST_BYTES", 1200)
    assert len(decoded(base64.b64encode(bytes(1200)).decode())) == 1200
    status, error = refusal(decoded, base64.b64encode(bytes(1206)).decode())
    assert status == 413
    assert "a JPEG" in error["message"]
