"""A job's events are numbered and bounded, and clients take turns."""

import pytest

from medialab.devices import jobs
from medialab.devices.jobs import Job, next_of
from medialab.errors import MediaLabError, ModelRefusedError


def job(owner="", kind="pictures"):
    return Job(kind, owner, "", cancel=lambda *_: None)


def kinds(one, after=0):
    return [(event.number, event.kind) for event in one.events(after)]


def test_events_are_counted_from_one_and_given_after_any():
    one = job()
    for kind in ("queued", "started", "step", "step"):
        one.add(kind, {})
    assert kinds(one, 2) == [(3, "step"), (4, "step")]
    assert kinds(one, 4) == []
    assert kinds(one, 99) == []


def test_the_newest_step_alone_has_its_preview_and_an_ended_job_no_step():
    one = job()
    for number in (1, 2, 3):
        one.add("step", {"step": number, "preview": "png"})
    assert ["preview" in event.data for event in one.events()] == [False, False, True]
    one.add("stage done", {})
    one.add("step", {"step": 4, "preview": "png"})
    one.add("done", {})
    assert kinds(one) == [(4, "stage done"), (6, "done")]


def test_of_very_many_events_the_oldest_steps_are_forgotten(monkeypatch):
    monkeypatch.setattr(jobs, "_MOST_EVENTS", 5)
    one = job()
    one.add("queued", {})
    for number in range(20):
        one.add("step", {"step": number})
    assert len(one.events()) <= 5
    assert kinds(one)[0] == (1, "queued")
    assert one.events()[-1].data["step"] == 19


def test_who_watches_is_called_until_it_forgets():
    one, calls = job(), []
    forget = one.watch(lambda: calls.append(1))
    one.add("queued", {})
    one.close()
    forget()
    one.add("done", {})
    assert len(calls) == 2


def test_its_error_is_one_of_ours_and_is_waited_for():
    one = job()
    with pytest.raises(TimeoutError):
        one.error(0)
    failure = {"kind": "ModelRefusedError", "message": "no", "setting": "", "choices": []}
    one.end("failed", run={}, failure=failure)
    one.close()
    assert type(one.error(0)) is ModelRefusedError
    with pytest.raises(MediaLabError, match="no"):
        one.result(0)
    assert (one.seconds, one.is_over) == (0.0, True)


def test_the_client_whose_turn_is_longest_ago_comes_first_and_its_first_job():
    first, second, other, batch = job("a"), job("a"), job("b"), job("b", "batch")
    waiting = [first, second, other, batch]
    assert next_of(waiting, {}, "pictures") is first
    assert next_of(waiting, {"a": 1}, "pictures") is other
    assert next_of(waiting, {"a": 1, "b": 2}, "pictures") is first
    assert next_of([second, batch], {"b": 9}, "batch") is batch
    assert next_of([first], {}, "batch") is None
