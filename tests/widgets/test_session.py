"""A session's requests are queued, shown and cancelled; the live one is at most one."""

import time

import pytest

from medialab import PipelineConfig
from medialab.errors import CancelledError

SECONDS = 120


def test_the_browser_is_answered_at_once_while_a_picture_is_made(studio, press):
    studio.fill(PipelineConfig(steps=1, seed=1))
    studio.generate()
    studio.wait(SECONDS)  # all is loaded now
    studio.form["steps"].value = 150
    before = time.perf_counter()
    press("generate")
    press("cancel")
    assert time.perf_counter() - before < 0.5  # 0.05 each, and a busy machine
    with pytest.raises(CancelledError):
        studio.wait(SECONDS)


def test_cancel_stops_the_running_picture_and_says_so(studio, press):
    studio.fill(PipelineConfig(steps=150, seed=1))
    press("generate")
    wait_for_a_step(studio)
    press("cancel")
    with pytest.raises(CancelledError):
        studio.wait(SECONDS)
    assert "Cancelled" in studio.canvas.status.value
    assert studio.canvas.error.value == ""
    assert studio.canvas.pictures == []


def test_a_cancelled_picture_leaves_the_next_in_the_queue_alone(studio, press):
    studio.fill(PipelineConfig(steps=150, seed=1))
    press("generate")
    studio.form["steps"].value = 1
    press("generate")
    assert "1 more waiting" in studio.canvas.waiting.value
    press("cancel")
    assert studio.wait(SECONDS).config.steps == 1
    assert studio.canvas.waiting.value == ""
    assert len(studio.canvas.pictures) == 1


def test_close_cancels_what_was_asked_for(studio, press):
    studio.fill(PipelineConfig(steps=150))
    press("generate")
    studio.close()
    with pytest.raises(CancelledError):
        studio.wait(SECONDS)


def test_a_newer_live_request_takes_the_place_of_the_one_before(studio):
    config = PipelineConfig(steps=150, seed=1)
    first = studio.session.submit_live(config)
    second = studio.session.submit_live(config.changed(steps=1))
    with pytest.raises(CancelledError):
        first.result(SECONDS)
    run = second.result(SECONDS)
    assert (run.config.steps, list(run.artifacts)) == (1, [])
    assert studio.session.wait(SECONDS) is run


def test_without_a_request_there_is_nothing_to_wait_for_or_to_cancel(studio):
    status = studio.canvas.status.value
    studio.session.cancel()
    assert studio.session.wait(0) is None
    assert (studio.session.is_busy, studio.canvas.status.value) == (False, status)


def test_whoever_asks_is_told_whether_a_request_runs_or_waits(studio):
    told = []
    studio.session.on_busy(told.append)
    studio.session.submit(PipelineConfig(steps=1, seed=1))
    studio.wait(SECONDS)
    assert told == [False, True, False]


def wait_for_a_step(studio):
    """Until the worker has told of its first step."""
    end = time.monotonic() + SECONDS
    while "step" not in studio.canvas.status.value:
        assert time.monotonic() < end, studio.canvas.status.value
        assert not studio.canvas.error.value, studio.canvas.error.value
        time.sleep(0.01)
