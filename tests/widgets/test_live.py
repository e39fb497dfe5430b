"""Live: each change is drawn, only from where it touches, and never a queue of stale ones."""

import pytest

from medialab import PipelineConfig
from medialab.errors import CancelledError

SECONDS = 120
BEGIN = PipelineConfig(prompt="a green tree", seed=7, steps=2)


@pytest.fixture
def live(studio):
    """The studio with one picture drawn and live on."""
    studio.fill(BEGIN)
    studio.generate()
    studio.wait(SECONDS)
    studio.live.switch.value = True
    studio.wait(SECONDS)
    return studio


def states(studio):
    return {one["name"]: one["state"] for one in studio.canvas.foot.stages}


def test_a_change_runs_only_the_stages_that_it_touches(live):
    live.form.set({"sharpen": 1.0})
    run = live.wait(SECONDS)
    assert run.config.sharpen == 1.0
    assert states(live)["txt2img"] == "cached"
    assert states(live)["finish"] == "done"


def test_live_pictures_are_not_saved_until_they_are_kept(live):
    count = live.bench.artifacts.count()
    live.form.set({"sharpen": 1.0})
    live.wait(SECONDS)
    assert "not saved" in live.canvas.foot.caption["text"]
    assert live.bench.artifacts.count() == count
    live.canvas.foot.act("save")
    kept = live.wait(SECONDS)
    assert kept.artifact.path.exists()
    assert "not saved" not in live.canvas.foot.caption["text"]
    assert states(live)["finish"] == "cached"
    assert len(live.history.gallery.ids) == count + 1


def test_the_newest_change_wins_and_none_is_left_waiting(live):
    jobs = []
    for steps in (150, 149, 148, 3):
        live.form.set({"steps": steps})
        jobs.append(live.session._newest)
        assert len(live.bench.executor.jobs()) <= 2  # one that ends, one that is next
    assert live.wait(SECONDS).config.steps == 3
    for job in jobs[:-1]:
        with pytest.raises(CancelledError):
            job.result(SECONDS)
    assert live.canvas.foot.status["state"] == "done"


def test_it_goes_before_those_that_wait(live):
    for _ in range(2):
        live.session.submit(BEGIN.changed(steps=100, seed=8))
    live.form.set({"steps": 4})
    waiting = [job for job in live.bench.executor.jobs() if job.state == "queued"]
    assert waiting[0].request.config.steps == 4
    live.bench.executor.cancel_all()


def test_a_drawn_seed_is_held_on_to(studio):
    studio.fill(BEGIN.changed(seed=-1))
    studio.generate()
    first = studio.wait(SECONDS)
    studio.live.switch.value = True
    assert studio.form.value("seed") == first.config.seed
    assert studio.wait(SECONDS).image.tobytes() == first.image.tobytes()


def test_an_impossible_value_is_told_and_the_next_one_drawn(live):
    live.form.set({"width": -8})
    assert "greater than or equal to 1" in live.form.said("size")
    live.form.set({"width": 64})
    assert live.wait(SECONDS).image.width == 64
    assert live.canvas.foot.error_text == ""


def test_off_means_that_nothing_is_asked_for(live):
    live.live.switch.value = False
    live.form.set({"sharpen": 2.0})
    assert live.bench.executor.jobs() == []


def test_enhance_without_a_picture_waits_for_one(live):
    live.form.set({"sharpen": 2.0})
    assert live.canvas.foot.error_text == ""
