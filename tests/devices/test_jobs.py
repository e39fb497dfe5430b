"""A job's events are numbered and bounded, and clients take turns."""

import pytest

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig, Together
from medialab.devices import jobs
from medialab.devices.jobs import Job, next_for, next_of
from medialab.errors import MediaLabError, ModelRefusedError
from medialab.presets import for_photo
from medialab.runs.request import Request


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
    one.add("step", {"step": 1, "preview": "png"})
    assert ["preview" in event.data for event in one.events()] == [False] * 4 + [True]
    one.add("step", {"step": 4, "preview": "png"})
    one.add("done", {})
    assert kinds(one) == [(4, "stage done"), (7, "done")]


def test_of_very_many_events_the_oldest_steps_are_forgotten(monkeypatch):
    monkeypatch.setattr(jobs, "_MOST_EVENTS", 5)
    one = job()
    one.add("queued", {})
    for number in range(20):
        one.add("step", {"step": number})
    assert len(one.events()) <= 5
    assert kinds(one)[0] == (1, "queued")
    assert one.events()[-1].data["step"] == 19


@pytest.mark.parametrize("steps", [0, 3])
def test_a_job_keeps_so_many_events_of_whatever_kind_and_the_newest_of_its_rows(monkeypatch, steps):
    monkeypatch.setattr(jobs, "_MOST_EVENTS", 20)
    one = job(kind="batch")
    for row in range(50):
        one.add("stage", {"row": row})
        for step in range(steps):
            one.add("step", {"row": row, "step": step})
        one.add("stage done", {"row": row})
        one.add("row", {"row": row})
        assert len(one.events()) <= 20
    one.add("done", {})
    found = one.events()
    rows = [event.data["row"] for event in found if event.kind == "row"]
    assert rows == [*range(50 - len(rows), 50)]
    assert len(rows) >= 18
    assert found[-1].kind == "done"


@pytest.mark.parametrize("kind", ["step", "stage", "stage done"])
def test_however_many_events_a_job_has_those_that_watch_find_the_newest(monkeypatch, kind):
    """Of a long batch no step was told any more: each was the oldest of its kind."""
    monkeypatch.setattr(jobs, "_MOST_EVENTS", 20)
    one, found = job(kind="batch"), []
    one.watch(lambda: found.append(one.events()[-1].number))
    for row in range(30):
        one.add("row", {"row": row})
    one.add(kind, {"row": 30})
    one.add(kind, {"row": 30})
    assert found == [*range(1, 33)]


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
    assert next_of(waiting, {("a",): 1}, "pictures") is other
    assert next_of(waiting, {("a",): 1, ("b",): 2}, "pictures") is first
    assert next_of([second, batch], {("b",): 9}, "batch") is batch
    assert next_of([first], {}, "batch") is None


def test_what_a_client_asks_for_takes_turns_with_the_pictures_of_its_batches():
    batch, asked = job("a", "batch"), job("a")
    rows = [Job("pictures", "a", "", part_of=batch, cancel=lambda *_: None) for _ in range(2)]
    waiting = [*rows, asked]
    assert next_of(waiting, {("a",): 3, rows[0].turn: 3}, "pictures") is asked
    assert next_of(waiting, {("a",): 4, rows[0].turn: 3, asked.turn: 4}, "pictures") is rows[0]
    assert asked.turn != rows[0].turn == rows[1].turn


def drawn(checkpoint, owner=""):
    request = Request(PipelineConfig(prompt="a red ball", checkpoint=checkpoint))
    return Job("pictures", owner, "", request=request, cancel=lambda *_: None)


def chosen(waiting, warm, window=2, turns=None):
    found = next_for(waiting, turns or {}, "pictures", warm, window=window)
    return None if found is None else (waiting.index(found[0]), found[1])


def test_a_device_is_given_what_it_has_loaded_and_a_new_one_what_waits_longest():
    x, y, more = drawn("x"), drawn("y"), drawn("x")
    assert chosen([x, y], [""]) == (0, 0)
    assert chosen([x, y], ["y"]) == (1, 0)
    assert chosen([x, y], ["y", "x"]) == (0, 1)
    assert chosen([x, y], ["z", "z"]) == (0, 0)
    assert chosen([x, y], ["z", ""]) == (0, 1)
    assert chosen([y, more], ["x", ""]) == (1, 0)
    assert chosen([x, y], []) is None
    assert chosen([], ["x"]) is None


def of_groups(letters):
    """Jobs of pictures that are denoised at once with those of the same letter."""
    base = ResolvedConfig(checkpoint="x", width=64, height=64, seed=1, checkpoint_sha256="")
    found = []
    for number, letter in enumerate(letters):
        others = [at for at, one in enumerate(letters) if one == letter]
        every = {
            at: base.model_copy(
                update={"seed": at, "together": Together(pictures=len(others), place=place)}
            )
            for place, at in enumerate(others, start=1)
            if len(others) > 1
        }
        own = every.pop(number, base.model_copy(update={"seed": number}))
        request = Request(own, beside=tuple(every.values()))
        found.append(Job("pictures", "", "", request=request, cancel=lambda *_: None))
    return found


def test_a_group_is_told_by_all_of_its_requests_and_one_alone_is_of_none():
    groups = [one.group for one in of_groups("aababc")]
    assert groups[0] == groups[1] == groups[3] != ""
    assert groups[2] == groups[4] not in {"", groups[0]}
    assert groups[5] == ""


def test_a_device_goes_on_with_the_pictures_that_it_has_drawn_and_passes_none_over_for_ever():
    jobs = of_groups("abcabcabc")
    a, b, _ = groups = [one.group for one in jobs[:3]]
    waiting = jobs[3:]
    assert waiting[1].group == b

    def chosen(groups):
        found = next_for(waiting, {}, "pictures", ["x"] * len(groups), window=2, groups=groups)
        return waiting.index(found[0]), found[1]

    assert chosen([b]) == (1, 0)
    assert chosen(["", b]) == (1, 1)
    assert chosen([groups[2], a]) == (2, 0)
    assert chosen(["another"]) == (0, 0)
    waiting[0].passed = 2
    assert chosen([b]) == (0, 0)


def test_one_device_keeps_the_order():
    assert chosen([drawn("x"), drawn("y")], ["y"], window=1) == (0, 0)


def test_no_job_is_passed_over_more_often_than_there_are_devices():
    x, y = drawn("x"), drawn("y")
    assert chosen([x, y], ["y"]) == (1, 0)
    x.passed = 2
    assert chosen([x, y], ["y"]) == (0, 0)


def test_what_is_loaded_is_no_reason_to_pass_over_another_client():
    mine, yours, again = drawn("x", "me"), drawn("y", "you"), drawn("y", "me")
    assert chosen([mine, yours, again], ["y"], turns={("you",): 1}) == (2, 0)
    assert chosen([mine, yours], ["y"], turns={("you",): 1}) == (0, 0)
    assert chosen([mine, yours], ["x"], turns={("me",): 1}) == (1, 0)


def test_a_job_that_draws_nothing_needs_no_checkpoint():
    request = Request(for_photo())
    assert Job("pictures", "", "", request=request, cancel=print).checkpoint == ""
    assert drawn("x").checkpoint == "x"
    assert job(kind="batch").checkpoint == ""
