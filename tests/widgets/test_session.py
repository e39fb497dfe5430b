"""A session's requests are queued, shown and cancelled; the live one is at most one."""

import time

import pytest

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError
from widgets import Studio

SECONDS = 120


def test_the_browser_is_answered_at_once_while_a_picture_is_made(studio, press):
    studio.fill(PipelineConfig(steps=1, seed=1))
    studio.generate()
    studio.wait(SECONDS)  # all is loaded now
    studio.form.set({"steps": 150})
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
    assert "Cancelled" in studio.canvas.foot.status["text"]
    assert studio.canvas.foot.error_text == ""
    assert studio.canvas.pictures == []


def test_a_cancelled_picture_leaves_the_next_in_the_queue_alone(studio, press):
    studio.fill(PipelineConfig(steps=150, seed=1))
    press("generate")
    studio.form.set({"steps": 1})
    press("generate")
    assert [row["state"] for row in studio.canvas.foot.jobs][-1] == "queued"
    press("cancel")
    assert studio.wait(SECONDS).config.steps == 1
    assert studio.canvas.foot.jobs == []
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
    status = studio.canvas.foot.status
    studio.session.cancel()
    assert studio.session.wait(0) is None
    assert (studio.session.is_busy, studio.canvas.foot.status) == (False, status)


def test_whoever_asks_is_told_whether_a_request_runs_or_waits(studio):
    told = []
    studio.session.on_jobs(lambda: told.append(studio.session.is_busy))
    studio.session.submit(PipelineConfig(steps=1, seed=1))
    studio.wait(SECONDS)
    assert told == [False, True, False]


def wait_for_a_step(studio):
    """Until the worker has told of its first step."""
    end = time.monotonic() + SECONDS
    while "step" not in studio.canvas.foot.status["text"]:
        assert time.monotonic() < end, studio.canvas.foot.status["text"]
        assert not studio.canvas.foot.error_text, studio.canvas.foot.error_text
        time.sleep(0.01)


@pytest.mark.parametrize(("do", "made"), [("continue", 2), ("discard", 0)])
def test_what_waited_when_the_kernel_stopped_is_offered_and_made_or_discarded(bench, do, made):
    first = Studio(bench)
    bench.executor.pause()
    for seed in (1, 2):
        first.session.submit(PipelineConfig(seed=seed, steps=1))
    bench.waiting.close()  # nothing more is written, as of a kernel that was killed
    first.close()
    bench.executor.go_on()
    with Workbench(bench.registry.folder, bench.artifacts.folder, "cpu") as again:
        second = Studio(again)
        said = second.canvas.foot.queue["stopped"]
        assert said["text"] == "2 pictures were waiting when the kernel stopped."
        second.canvas.foot.act("queue", do)
        assert second.canvas.foot.queue["stopped"] is None
        if made:
            assert second.wait(SECONDS).config.seed == 2
            assert second.canvas.shown.config.seed == 2
        assert again.artifacts.count() == made
        second.close()
    with Workbench(bench.registry.folder, bench.artifacts.folder, "cpu") as last:
        assert last.waiting.left() == []
