"""How far a job is, told from its events alone."""

import pytest

from medialab import PipelineConfig
from medialab.process.events import Event
from widgets import progress as progress_module
from widgets.progress import Estimates, Progress, running_stages, stages_of_records

CONFIG = PipelineConfig(face={"enabled": True})


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

        def time(self):
            return 1e9 + self.now

    made = Clock()
    monkeypatch.setattr(progress_module, "time", made)
    return made


def known(**seconds):
    estimates = Estimates()
    for stage, needed in seconds.items():
        estimates.learn(stage, CONFIG, needed)
    return estimates


def all_known(needed=1.0):
    return known(**dict.fromkeys(running_stages(CONFIG), needed))


def state_of(progress):
    return {stage["name"]: stage["state"] for stage in progress.stages()}


def test_stages_before_the_first_that_runs_were_cached():
    progress = Progress(CONFIG, Estimates())
    assert set(state_of(progress).values()) == {"waiting"}
    progress.take(Event("stage", "job 1", "face"))
    assert state_of(progress) == {
        "prompt": "cached",
        "txt2img": "cached",
        "face": "running",
        "finish": "waiting",
    }
    progress.take(Event("stage done", "job 1", "face", seconds=2.5))
    progress.take(Event("stage", "job 1", "finish"))
    assert state_of(progress)["face"] == "done"
    assert next(s["seconds"] for s in progress.stages() if s["name"] == "face") == 2.5


def test_time_left_comes_from_the_pace_and_from_what_stages_usually_take(clock):
    progress = Progress(CONFIG, known(face=3.0, finish=0.5))
    progress.take(Event("stage", "job 1", "prompt"))
    progress.take(Event("stage done", "job 1", "prompt", seconds=0.1))
    progress.take(Event("stage", "job 1", "txt2img"))
    assert progress.left() is None  # nobody knows yet how long this one takes
    assert progress.until is None
    clock.now += 2.0
    progress.take(Event("step", "job 1", "txt2img", step=5, steps=20))
    assert progress.left() == pytest.approx(6.0 + 3.0 + 0.5)
    assert progress.until == pytest.approx(clock.time() + 9.5)
    assert progress.share == 0.25


def test_the_end_that_was_told_stays_unless_it_differs_much(clock):
    progress = Progress(CONFIG, all_known(5.0))
    progress.take(Event("stage", "job 1", "txt2img"))
    told = progress.until
    clock.now += 1.1
    progress.take(Event("step", "job 1", "txt2img", step=4, steps=20))
    assert progress.until == told
    clock.now += 20.0
    progress.take(Event("step", "job 1", "txt2img", step=5, steps=20))
    assert progress.until > told + 10


def test_the_time_after_the_last_step_is_not_forgotten(clock):
    progress = Progress(CONFIG, known(txt2img=4.0, face=1.0, finish=0.5))
    progress.take(Event("stage", "job 1", "txt2img"))
    clock.now += 2.0
    progress.take(Event("step", "job 1", "txt2img", step=20, steps=20))  # decoding follows
    assert progress.left() == pytest.approx(0.0 + 1.0 + 0.5)


def test_what_was_learnt_helps_the_next_job():
    estimates = Estimates()
    first = Progress(CONFIG, estimates)
    assert estimates.of_job(CONFIG) is None
    for name in running_stages(CONFIG):
        first.take(Event("stage", "job 1", name))
        first.take(Event("stage done", "job 1", name, seconds=1.0))
    second = Progress(CONFIG, estimates)
    second.take(Event("stage", "job 2", "prompt"))
    assert second.left() == pytest.approx(len(running_stages(CONFIG)), abs=0.1)
    assert estimates.of_job(CONFIG.changed(batch_size=2)) == pytest.approx(8.0)


def test_more_steps_and_pixels_need_more_time():
    small = CONFIG.changed(steps=10, width=64, height=128)
    estimates = Estimates()
    estimates.learn("txt2img", small, 2.0)
    larger = small.changed(steps=20, width=128)
    assert estimates.of_stage("txt2img", larger) == pytest.approx(8.0)


def test_a_batch_counts_its_other_pictures(clock):
    progress = Progress(CONFIG.changed(batch_size=3), all_known())
    progress.take(Event("stage", "job 1", "prompt", image=1, images=3))
    assert progress.left() == pytest.approx(3 * len(running_stages(CONFIG)))
    progress.take(Event("stage", "job 1", "prompt", image=3, images=3))
    assert progress.left() == pytest.approx(len(running_stages(CONFIG)))


def at_once(progress, kind, *images, stage="txt2img", **facts):
    for place, image in enumerate(images, start=1):
        told = {"image": image, "images": 4, "place": place, "together": len(images)}
        progress.take(Event(kind, "job 1", stage, **told, **facts))


def test_pictures_that_are_drawn_at_once_are_one_stage_until_they_go_on_alone(clock):
    """Their steps take turns: neither the stages nor the time left leap with them."""
    config = PipelineConfig(batch_size=4)
    progress = Progress(config, known(prompt=0.5, txt2img=4.0, finish=1.0))
    at_once(progress, "stage", 1, stage="prompt")
    at_once(progress, "stage done", 1, stage="prompt", seconds=0.5)
    at_once(progress, "stage", 1, 2, 3, 4)
    assert [*progress.pictures] == [1, 2, 3, 4]
    # Four pictures of 4 s, and the last stage of each; the others' prompts were cached.
    assert progress.left() == pytest.approx(4 * 4.0 + 4 * 1.0)
    clock.now += 8.0
    lefts = []
    for place in (1, 2, 3, 4):
        told = {"image": place, "images": 4, "place": place, "together": 4}
        progress.take(Event("step", "job 1", "txt2img", 10, 20, **told))
        lefts.append(progress.left())
        assert state_of(progress) == {"prompt": "done", "txt2img": "running", "finish": "waiting"}
    assert progress.share == pytest.approx(0.5)
    assert lefts[-1] == pytest.approx(8.0 + 4 * 1.0)
    at_once(progress, "stage done", 1, 2, 3, 4, seconds=4.0)
    assert progress.left() == pytest.approx(4 * 1.0)
    at_once(progress, "stage", 1, stage="finish")
    assert [*progress.pictures] == [1]
    at_once(progress, "stage done", 1, stage="finish", seconds=1.0)
    at_once(progress, "stage", 2, stage="finish")
    assert progress.left() == pytest.approx(3 * 1.0)
    assert state_of(progress) == {"prompt": "cached", "txt2img": "done", "finish": "running"}


def test_pictures_that_could_not_be_drawn_at_once_are_counted_one_by_one(clock):
    progress = Progress(PipelineConfig(batch_size=2), known(prompt=0.5, txt2img=4.0, finish=1.0))
    at_once(progress, "stage", 1, 2)
    at_once(progress, "stage", 1)
    assert [*progress.pictures] == [1]
    assert progress.left() == pytest.approx(2 * (4.0 + 1.0))


def test_a_job_that_is_no_request_has_no_stages():
    progress = Progress(None, Estimates())
    progress.take(Event("stage", "job 1", "face"))
    assert progress.stages() == []
    assert progress.left() is None


def test_records_tell_what_was_cached_and_the_mean_of_what_was_made():
    records = [
        {
            "stages": [
                {"name": "txt2img", "seconds": 0.0, "cached": True},
                {"name": "face", "seconds": seconds, "cached": False},
            ]
        }
        for seconds in (1.0, 2.0)
    ]
    found = {one["name"]: one for one in stages_of_records(CONFIG, records)}
    assert (found["txt2img"]["state"], found["txt2img"]["seconds"]) == ("cached", None)
    assert (found["face"]["state"], found["face"]["seconds"]) == ("done", 1.5)
    assert found["face"]["pictures"] == 2
    assert "upscaler" not in found


def test_a_record_without_stages_tells_none():
    assert stages_of_records(CONFIG, [{}]) == []


def test_pictures_that_are_drawn_at_once_are_told_as_one_and_take_as_long_as_all(clock):
    config = CONFIG.changed(batch_size=6, draw_together=4)
    progress = Progress(config, all_known(2.0))
    at_once = [
        {"image": image, "images": 6, "together": 4, "place": image} for image in (1, 2, 3, 4)
    ]
    for told in at_once:
        progress.take(Event("stage", "job 1", "txt2img", **told))
    assert state_of(progress)["txt2img"] == "running"
    before = progress.left()
    clock.now += 4.0
    for told in at_once:
        progress.take(Event("step", "job 1", "txt2img", 10, 20, **told))
    assert state_of(progress)["txt2img"] == "running"
    assert progress.share == 0.5
    assert before - progress.left() == pytest.approx(4.0)
