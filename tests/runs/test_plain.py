"""Runs, events and errors cross a process as JSON, and come back as they were."""

import json

import pytest
from PIL import Image

from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ConfigError, MediaLabError
from medialab.process.events import Event
from medialab.runs.plain import (
    error_as_plain,
    error_from_plain,
    event_as_plain,
    event_from_plain,
    run_as_plain,
    run_from_plain,
)
from medialab.runs.run import Run
from medialab.stages.detailer.edits import DetectionEdit, DetectionTable

CONFIG = ResolvedConfig(width=64, height=64, seed=7, checkpoint_sha256="a" * 64)
PICTURES = [Image.new("RGB", (64, 32), colour) for colour in ("red", "blue")]
FOUND = DetectionTable([DetectionEdit(label="face", box=(1, 2, 30, 31), enabled=False)])


def sent(plain):
    return json.loads(json.dumps(plain))


def test_a_run_that_was_not_saved_goes_by_files_of_its_own(tmp_path):
    run = Run(CONFIG, PICTURES, [{"a": 1}, {"a": 2}], [], {"face": FOUND})
    plain = sent(run_as_plain(run, tmp_path / "unsaved"))
    assert sorted(plain["paths"]) == sorted(map(str, (tmp_path / "unsaved").iterdir()))
    again = run_from_plain(plain)
    assert [one.tobytes() for one in again.images] == [one.tobytes() for one in PICTURES]
    assert (again.config, again.records, again.artifacts) == (CONFIG, [{"a": 1}, {"a": 2}], [])
    assert [*again.detections["face"]] == [*FOUND]


def test_a_picture_that_is_gone_or_damaged_is_named(tmp_path):
    plain = run_as_plain(Run(CONFIG, PICTURES[:1], [{}], []), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"removed or damaged.*cannot identify"):
        run_from_plain(plain)
    path.unlink()
    with pytest.raises(ArtifactError, match=rf"{path.name} was removed.*No such file"):
        run_from_plain(plain)


def test_an_event_keeps_its_numbers_its_preview_and_its_run(tmp_path):
    step = Event("step", "job 1", "txt2img", 2, 20, 1, 4, draws=lambda: PICTURES[0])
    again = event_from_plain(sent(event_as_plain(step, tmp_path)))
    assert again.preview.tobytes() == PICTURES[0].tobytes()
    assert (again.kind, again.job, again.stage) == ("step", "job 1", "txt2img")
    assert (again.step, again.steps, again.image, again.images) == (2, 20, 1, 4)
    assert (again.result, again.error) == (None, None)
    done = Event("done", "job 1", seconds=1.5, result=Run(CONFIG, PICTURES[:1], [{}], []))
    again = event_from_plain(sent(event_as_plain(done, tmp_path)))
    assert again.seconds == 1.5
    assert again.result.image.tobytes() == PICTURES[0].tobytes()


def test_pictures_of_an_event_are_read_when_they_are_asked_for_and_once(tmp_path, monkeypatch):
    done = Event("done", "job 1", result=Run(CONFIG, PICTURES, [{}, {}], []))
    plain, opened = sent(event_as_plain(done, tmp_path)), []
    open_picture = Image.open
    monkeypatch.setattr(Image, "open", lambda path: opened.append(path) or open_picture(path))
    run = event_from_plain(plain).result
    assert (len(run.images), opened) == (2, [])
    assert run.image is run.images[-2] is run.images[:1][0]
    assert [one.tobytes() for one in run.images] == [one.tobytes() for one in PICTURES]
    assert [*map(str, opened)] == plain["run"]["paths"]
    with pytest.raises(IndexError):
        run.images[2]


def test_a_picture_of_an_event_that_is_gone_when_it_is_asked_for_is_named(tmp_path):
    done = Event("done", "job 1", result=Run(CONFIG, PICTURES[:1], [{}], []))
    run = event_from_plain(event_as_plain(done, tmp_path)).result
    (path,) = tmp_path.iterdir()
    path.unlink()
    with pytest.raises(ArtifactError, match=rf"{path.name} was removed"):
        _ = run.image


def test_an_error_keeps_its_kind_its_message_and_its_setting(tmp_path):
    error = ConfigError("no such sampler").about("sampler", ["DDIM", "Euler"])
    again = error_from_plain(sent(error_as_plain(error)))
    assert type(again) is ConfigError
    assert (str(again), again.setting, again.choices) == (
        "no such sampler",
        "sampler",
        ("DDIM", "Euler"),
    )
    failed = event_as_plain(Event("failed", "job 1", error=error), tmp_path)
    assert type(event_from_plain(sent(failed)).error) is ConfigError


@pytest.mark.parametrize("error", [ValueError("what?"), PermissionError("what?")])
def test_an_error_that_is_not_ours_becomes_one_that_names_it(error):
    again = error_from_plain(sent(error_as_plain(error)))
    assert type(again) is MediaLabError
    assert str(again) == f"{type(error).__name__}: what?"


@pytest.mark.parametrize("name", ["get_close_matches", "Iterable", "MOST_LISTED"])
def test_a_name_that_is_no_error_makes_none(name):
    plain = {"kind": name, "message": "odd", "setting": "", "choices": []}
    assert type(error_from_plain(plain)) is MediaLabError
