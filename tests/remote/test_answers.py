"""Fields of answers that nobody vouches for, and how long a busy source is waited for."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import RemoteError
from medialab.remote import answers
from medialab.remote.answers import Asking, in_words, seconds_to_wait
from tests.remote.civitai_server import send, status

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2026-01-01T00:00:00Z", "\ud800", "9999-12-31T23:59:59-23:59"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(ANYTHING)
def test_every_reader_takes_anything_and_gives_its_own_type(value):
    assert isinstance(answers.text(value), str)
    answers.text(value).encode()
    line = answers.line(value)
    assert line.isprintable() or line == ""
    assert answers.number(value) is None or 0 <= answers.number(value) <= 2**53
    assert all(isinstance(one, dict) for one in answers.objects(value))
    assert all(isinstance(one, str) for one in answers.texts(value))
    moment = answers.when(value)
    assert moment is None or (moment.tzinfo is UTC and pd.Series([moment]).notna().all())


def test_moments_are_in_utc():
    assert answers.when("2026-05-01T08:00:00+02:00") == datetime(2026, 5, 1, 6, tzinfo=UTC)
    assert answers.when("2026-05-01T08:00:00") == datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("1.5", 1.5), ("-3", 0), ("", 5), ("soon", 5), ("nan", 5), ("inf", 5)],
)
def test_the_time_to_wait_is_a_number_of_seconds(header, seconds):
    assert seconds_to_wait(httpx.Headers({"Retry-After": header}), 5) == seconds


def test_the_time_to_wait_may_be_a_date():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < seconds_to_wait(httpx.Headers({"Retry-After": soon}), 5) <= 100
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert seconds_to_wait(httpx.Headers({"Retry-After": past}), 5) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (119.2, "120 s"), (120, "2 minutes"), (3600, "60 minutes"), (7200, "2 hours")],
)
def test_durations_are_said_as_people_do(seconds, words):
    assert in_words(seconds) == words


def test_waits_grow_where_the_source_names_none_and_have_an_end(server):
    waited = []
    server.api.faults = [status(503)] * 10
    with pytest.raises(RemoteError, match="CivitAI is busy"):
        Asking("CivitAI", pause=waited.append).json(f"{server.url}/models")
    assert waited == [1, 2, 4]
    assert len(server.api.requests) == 4


def test_all_waits_together_have_a_limit(server):
    waited = []
    server.api.faults = [status(503, Retry_After="40")] * 10
    with pytest.raises(RemoteError, match="try again in 40 s"):
        Asking("CivitAI", pause=waited.append).json(f"{server.url}/models")
    assert waited == [40]


def test_an_answer_without_end_is_not_read_to_the_end(server, monkeypatch):
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 2**20)
    monkeypatch.setattr(answers.read_body, "__defaults__", (2**20,))
    blanks = b" " * (3 * 2**20)
    server.api.faults = [lambda handler, _: send(handler, 200, blanks)]
    with pytest.raises(RemoteError, match="an answer of more than 1 MB"):
        Asking("CivitAI").json(f"{server.url}/models")


def test_an_answer_that_drips_has_an_end(server, monkeypatch):
    monkeypatch.setattr(answers, "MOST_SECONDS", -math.inf)
    with pytest.raises(RemoteError, match=r"takes more than .* s for an answer"):
        Asking("CivitAI").json(f"{server.url}/models")


def test_a_packed_answer_that_is_broken_is_a_named_error(server):
    server.api.faults = [
        lambda handler, _: send(handler, 200, b"not gzip", Content_Encoding="gzip")
    ]
    with pytest.raises(RemoteError, match="an answer that cannot be read"):
        Asking("CivitAI").json(f"{server.url}/models")
