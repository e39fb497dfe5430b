"""How far a job is, told from its events alone."""

import pytest

from medialab import PipelineConfig
from medialab.process.events import Event
from widgets import progress as progress_module
from widgets.progress import Progress, running_stages, strip_of_record, time_text

CONFIG = PipelineConfig(face={"enabled": True})


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(progress_module, "time", made)
    return made


def state_of(progress):
    return {stage["name"]: stage["state"] for stage in progress.stages()}


def test_stages_before_the_first_that_runs_were_kept():
    progress = Progress(CONFIG, {})
    assert set(state_of(progress).values()) == {"waiting", "off"}
    progress.take(Event("stage", "job 1", "face"))
    assert state_of(progress) == {
        "prompt": "cached",
        "txt2img": "cached",
        "refiner": "off",
        "body": "off",
        "face": "running",
        "hand": "off",
        "upscaler": "off",
        "finish": "waiting",
    }
    progress.take(Event("stage done", "job 1", "face", seconds=2.5))
    progress.take(Event("stage", "job 1", "finish"))
    assert state_of(progress)["face"] == "done"
    assert next(s["seconds"] for s in progress.stages() if s["name"] == "face") == 2.5


def test_time_left_comes_from_the_pace_and_from_what_stages_usually_take(clock):
    progress = Progress(CONFIG, {"face": 3.0, "finish": 0.5})
    progress.take(Event("stage", "job 1", "prompt"))
    progress.take(Event("stage done", "job 1", "prompt", seconds=0.1))
    progress.take(Event("stage", "job 1", "txt2img"))
    assert progress.left() is None  # nobody knows yet how long this one takes
    clock.now += 2.0
    progress.take(Event("step", "job 1", "txt2img", step=5, steps=20))
    assert progress.left() == pytest.approx(6.0 + 3.0 + 0.5)


def test_what_was_learnt_helps_the_next_job():
    usual = {}
    first = Progress(CONFIG, usual)
    for name in running_stages(CONFIG):
        first.take(Event("stage", "job 1", name))
        first.take(Event("stage done", "job 1", name, seconds=1.0))
    second = Progress(CONFIG, usual)
    second.take(Event("stage", "job 2", "prompt"))
    assert second.left() == pytest.approx(len(running_stages(CONFIG)), abs=0.1)


def test_a_batch_counts_its_other_pictures(clock):
    usual = dict.fromkeys(running_stages(CONFIG), 1.0)
    progress = Progress(CONFIG.changed(batch_size=3), usual)
    progress.take(Event("stage", "job 1", "prompt", image=1, images=3))
    assert progress.left() == pytest.approx(3 * len(running_stages(CONFIG)))
    progress.take(Event("stage", "job 1", "prompt", image=3, images=3))
    assert progress.left() == pytest.approx(len(running_stages(CONFIG)))


def test_a_job_that_is_no_request_has_no_stages():
    progress = Progress(None, {})
    progress.take(Event("stage", "job 1", "face"))
    assert progress.stages() == []


def test_a_record_tells_what_was_kept_and_what_was_made():
    record = {
        "stages": [
            {"name": "txt2img", "seconds": 0.0, "cached": True},
            {"name": "face", "seconds": 1.5, "cached": False},
        ]
    }
    found = {one["name"]: (one["state"], one["seconds"]) for one in strip_of_record(CONFIG, record)}
    assert found["txt2img"] == ("cached", None)
    assert found["face"] == ("done", 1.5)
    assert found["upscaler"] == ("off", None)
    assert "inpaint" not in found


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (130, "2 min 10 s"), (5400, "1.5 h")]
)
def test_times_are_said_as_a_person_says_them(seconds, text):
    assert time_text(seconds) == text
