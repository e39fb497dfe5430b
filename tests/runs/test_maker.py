"""A worker makes a request's pictures, tells of each step, and keeps what it was asked to keep."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import publishing
from medialab.errors import ArtifactError

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


@pytest.fixture
def heard(bench):
    events = []
    bench.executor.listen(events.append)
    return events


def test_a_picture_is_told_step_by_step_and_a_cached_one_needs_no_memory(bench, heard):
    run = bench.execute(ASKED, save=False)
    kinds = [one.kind for one in heard]
    assert kinds.count("planned") == 1
    assert kinds.count("stage done") == kinds.count("stage") == len(run.record["stages"])
    assert run.record["memory"]
    heard.clear()
    again = bench.execute(ASKED, save=False)
    assert [one.kind for one in heard] == ["queued", "started", "done"]
    assert "memory" not in again.record


def test_the_pictures_of_a_batch_are_counted_and_each_has_its_file(bench, heard):
    run = bench.execute(ASKED.changed(batch_size=2))
    assert {(one.image, one.images) for one in heard if one.kind == "step"} == {(1, 2), (2, 2)}
    assert len(run.images) == len(run.records) == len(run.artifacts) == 2
    assert [one.path.exists() for one in run.artifacts] == [True, True]
    assert run.artifacts[0].path != run.artifacts[1].path


def test_a_detailer_that_is_given_the_middle_tells_what_may_be_edited(bench):
    image = bench.keep(Image.new("RGB", (64, 64), "green"))
    face = {"enabled": True, "steps": 1, "guide_size": 64, "fallback": "centre"}
    config = ASKED.changed(mode="enhance", image=image, face=face)
    run = bench.execute(config, save=False)
    (row,) = run.detections["face"]
    assert row.enabled
    assert row.mask
    assert row.made_for


SOON = 60  # seconds; what is waited for takes milliseconds on a quiet machine


@pytest.fixture
def disk(monkeypatch):
    """Holds the second rename of each picture, which makes it whole, until the test opens it."""
    gate, reached, rename = threading.Event(), threading.Event(), publishing.rename

    def held(source, target):
        if target.suffix != ".json":
            reached.set()
            assert gate.wait(SOON)
        rename(source, target)

    monkeypatch.setattr(publishing, "rename", held)
    gate.reached = reached
    yield gate
    gate.set()


def files_in(outputs):
    return sorted(path.name for path in outputs.glob("2*/[0-9]*"))


def test_a_picture_is_written_while_the_next_one_is_drawn(bench, heard, disk):
    outputs = bench.artifacts.folder
    first, second = bench.submit(ASKED), bench.submit(ASKED.changed(seed=8))
    assert disk.reached.wait(SOON)
    drawn = threading.Event()
    bench.executor.listen(lambda one: one.job == second.name and one.kind == "step" and drawn.set())
    drawn.wait(SOON)
    assert [one.job for one in heard if one.kind == "done"] == []
    assert (first.state, bench.executor.jobs()[0]) == ("running", first)
    assert len(files_in(outputs)) == 1  # the sidecar alone
    disk.set()
    paths = [job.result(SOON).artifact.path for job in (first, second)]
    assert [one.job for one in heard if one.kind == "done"] == [first.name, second.name]
    assert files_in(outputs) == sorted(
        path.with_suffix(end).name for path in paths for end in (".json", ".png")
    )
    assert [int(path.name[:5]) for path in paths] == [1, 2]


def test_a_picture_that_cannot_be_written_fails_its_own_job_and_loses_nothing(bench, monkeypatch):
    write, names = publishing.write, []

    def full(path, content):
        names.append(path.name)
        if path.name.startswith(".00001"):
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(publishing, "write", full)
    first, second = bench.submit(ASKED), bench.submit(ASKED.changed(seed=8))
    with pytest.raises(ArtifactError, match="the disk is full"):
        first.result(SOON)
    assert (first.state, second.state) == ("failed", second.state)
    monkeypatch.setattr(publishing, "write", write)
    again = bench.execute(ASKED)
    assert all(stage["cached"] for stage in again.record["stages"])
    assert names


def test_a_run_that_fails_has_written_what_it_had_finished(bench, disk):
    def fail(event):
        if event.kind == "step" and event.image == 2:
            raise ValueError("a fault in the second picture")

    bench.executor.listen(fail)
    job = bench.submit(ASKED.changed(batch_size=2))
    assert disk.reached.wait(SOON)
    with pytest.raises(TimeoutError):
        job.result(0.5)
    disk.set()
    with pytest.raises(ValueError, match="second picture"):
        job.result(SOON)
    assert len(files_in(bench.artifacts.folder)) == 2


def test_a_cancelled_run_tells_that_a_finished_picture_could_not_be_written(bench, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "write", full)
    bench.executor.listen(
        lambda one: one.kind == "step" and one.image == 2 and bench.executor.cancel_all()
    )
    with pytest.raises(ArtifactError, match="the disk is full"):
        bench.submit(ASKED.changed(batch_size=2)).result(SOON)


def test_closing_waits_until_what_was_drawn_is_written(tiny_models, tmp_path, disk):
    bench = Workbench(tiny_models, tmp_path / "outputs", device="cpu")
    job = bench.submit(ASKED)
    assert disk.reached.wait(SOON)
    closing = threading.Thread(target=bench.close)
    closing.start()
    closing.join(0.3)
    assert closing.is_alive()
    disk.set()
    closing.join(SOON)
    assert job.result(0).artifact.path.exists()


KILLED = """
import os, signal, sys
from medialab import PipelineConfig, Workbench
from medialab.artifacts import publishing

rename, config = publishing.rename, PipelineConfig.parse(eval(sys.argv[3]))

def killed(source, target):
    if target.suffix != ".json":
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)

publishing.rename = killed
with Workbench(sys.argv[1], sys.argv[2], device="cpu") as bench:
    for job in [bench.submit(config.changed(seed=seed)) for seed in (7, 8)]:
        job.result()
"""


def test_a_kill_between_the_two_files_of_a_picture_leaves_neither(tiny_models, tmp_path):
    outputs = tmp_path / "outputs"
    asked = repr(ASKED.model_dump(exclude_defaults=True))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tiny_models), str(outputs), asked],
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert [Path(name).suffix for name in files_in(outputs)] == [".json"]
    with Workbench(tiny_models, outputs, device="cpu") as bench:
        assert files_in(outputs) == []
        left = bench.waiting.left()
        assert [one.request.config.seed for one in left] == [7, 8]
        for job in bench.waiting.resume():
            job.result(SOON)
    assert [Path(name).suffix for name in files_in(outputs)] == [".json", ".png"] * 2
