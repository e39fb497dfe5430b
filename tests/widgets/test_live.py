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
    return {one["name"]: one["state"] for one in studio.canvas.strip.stages}


def test_a_change_runs_only_the_stages_that_it_touches(live):
    live.form["sharpen"].value = 1.0
    run = live.wait(SECONDS)
    assert run.config.sharpen == 1.0
    assert states(live)["txt2img"] == "cached"
    assert states(live)["finish"] == "done"


def test_live_pictures_are_not_saved_until_they_are_kept(live, press):
    count = live.bench.artifacts.count()
    live.form["sharpen"].value = 1.0
    live.wait(SECONDS)
    assert "not saved" in live.canvas.caption.value
    assert live.bench.artifacts.count() == count
    press("keep")
    kept = live.wait(SECONDS)
    assert kept.artifact.path.exists()
    assert "not saved" not in live.canvas.caption.value
    assert states(live)["finish"] == "cached"
    assert len(live.history.gallery.entries) == count + 1


def test_the_newest_change_wins_and_none_is_left_waiting(live):
    jobs = []
    for steps in (150, 149, 148, 3):
        live.form["steps"].value = steps
        jobs.append(live.session._newest)
        assert len(live.bench.executor.jobs()) <= 2  # one that ends, one that is next
    assert live.wait(SECONDS).config.steps == 3
    for job in jobs[:-1]:
        with pytest.raises(CancelledError):
            job.result(SECONDS)
    assert 'data-state="done"' in live.canvas.status.value


def test_it_goes_before_those_that_wait(live):
    for _ in range(2):
        live.session.submit(BEGIN.changed(steps=100, seed=8))
    live.form["steps"].value = 4
    waiting = [job for job in live.bench.executor.jobs() if job.state == "queued"]
    assert waiting[0].request.config.steps == 4
    live.bench.executor.cancel_all()


def test_a_drawn_seed_is_held_on_to(studio):
    studio.fill(BEGIN.changed(seed=-1))
    studio.generate()
    first = studio.wait(SECONDS)
    studio.live.switch.value = True
    assert studio.form["seed"].value == first.config.seed
    assert studio.wait(SECONDS).image.tobytes() == first.image.tobytes()


def test_an_impossible_value_is_told_and_the_next_one_drawn(live):
    live.form.size.width.value = -8
    assert "width=-8" in live.canvas.error.value
    live.form.size.width.value = 64
    assert live.wait(SECONDS).image.width == 64
    assert live.canvas.error.value == ""


def test_off_means_that_nothing_is_asked_for(live):
    live.live.switch.value = False
    live.form["sharpen"].value = 2.0
    assert live.bench.executor.jobs() == []


def test_enhance_without_a_picture_waits_for_one(live):
    live.tabs.value = "enhance"
    live.form["sharpen"].value = 2.0
    assert live.canvas.error.value == ""
