"""Several devices: a process each, jobs go where there is room, and who dies takes nothing along.

What every executor must do is in tests/runs/test_executor.py.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from medialab import PipelineConfig, Workbench
from medialab.batch.executors import QueueExecutor
from medialab.devices.process import WorkerProcess
from medialab.errors import CancelledError, WorkerEndedError
from medialab.files.locks import alone

SOON = 120
QUICK = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
LONG = QUICK.changed(steps=150, width=256, height=256, prompt="a long one")


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    """A workbench on two processes, both of which are there."""
    with Workbench(tiny_models, tmp_path_factory.mktemp("outputs"), devices="cpu,cpu") as made:
        until_there(made)
        yield made


def until_there(bench):
    """Wait until both processes take jobs: one that was killed is started anew."""
    bench.executor.start()
    end = time.monotonic() + SOON
    while not all(one.process.is_ready for one in bench.executor.devices):
        assert time.monotonic() < end
        time.sleep(0.05)


def until_begun(bench, jobs):
    """Wait until each of these jobs has made a step."""
    steps, done = set(), threading.Event()

    def hear(event):
        if event.kind == "step":
            steps.add(event.job)
        if {job.name for job in jobs} <= steps:
            done.set()

    forget = bench.executor.listen(hear)
    assert done.wait(SOON)
    forget()


def device_of(bench, job):
    return next(one for one in bench.executor.devices if job in one.given.values())


def kill(device):
    os.kill(device.process.pid, signal.SIGKILL)


@pytest.mark.thorough
def test_two_pictures_are_made_at_the_same_time(bench):
    jobs = [bench.submit(LONG.changed(seed=seed), save=False) for seed in (1, 2)]
    until_begun(bench, jobs)
    assert [job.state for job in jobs] == ["running", "running"]
    assert len({*bench.executor.pids}) == 2
    assert bench.executor.nbytes > 0
    bench.executor.cancel_all()
    assert [type(job.error(SOON)) for job in jobs] == [CancelledError] * 2


@pytest.mark.thorough
def test_one_that_is_paused_begins_nothing_on_any_device(bench):
    bench.executor.pause()
    jobs = [bench.submit(QUICK.changed(seed=seed)) for seed in (11, 12, 13)]
    assert {job.state for job in jobs} == {"queued"}
    assert all(not one.given for one in bench.executor.devices)
    bench.executor.go_on()
    assert [job.result(SOON).config.seed for job in jobs] == [11, 12, 13]


@pytest.mark.thorough
def test_a_process_that_dies_fails_its_own_job_and_what_waits_goes_on(bench):
    running = [bench.submit(LONG.changed(seed=seed), save=False) for seed in (1, 2)]
    until_begun(bench, running)
    waiting = bench.submit(QUICK.changed(seed=21))
    deaths = bench.executor.statistics.deaths
    kill(device_of(bench, running[0]))
    assert isinstance(running[0].error(SOON), WorkerEndedError)
    assert "signal 9" in str(running[0].error())
    assert waiting.result(SOON).config.seed == 21
    assert running[1].error(SOON) is None
    assert bench.executor.statistics.deaths == deaths + 1


def test_a_batch_loses_nothing_and_makes_nothing_twice_when_a_process_is_killed(
    bench, tiny_models, tmp_path
):
    batch = bench.sweep(QUICK.changed(steps=20), {"seed": "101-112"}, name="killed")
    killed = []

    def kill_one(_row, event):
        """Kill the process that makes the third picture, in the midst of it."""
        if event.kind == "step" and event.step == 2:
            done = sum(state["state"] == "done" for state in batch.states())
            job = bench.executor.find(event.job)
            if done >= 2 and not killed and job is not None:
                killed.append(job.name)
                kill(device_of(bench, job))

    run = batch.start(on_event=kill_one)
    assert run.wait(SOON)
    run.result()
    assert len(killed) == 1
    assert bench.executor.named(killed[0]).state == "failed"
    assert {state["state"] for state in batch.states()} == {"done"}
    made = [bench.artifacts.load(one.path).seed for one in bench.artifacts.find(limit=1000)]
    seeds = Counter(seed for seed in made if 101 <= seed <= 112)
    assert seeds == Counter(range(101, 113))
    with Workbench(tiny_models, tmp_path, "cpu") as alone:
        settings = bench.artifacts.load(bench.artifacts.folder / batch.states()[3]["path"])
        again = alone.execute(settings).artifact.path
    assert again.read_bytes() == (bench.artifacts.folder / batch.states()[3]["path"]).read_bytes()


def drawn_by(bench, batch, changes=lambda _row, _event: None):
    """Make a batch; return the rows whose turn drew something, and those that showed previews."""
    drawn, shown, devices = [], set(), set()

    def hear(row, event):
        job = bench.executor.find(event.job)
        if event.kind == "stage done" and event.stage == "txt2img":
            drawn.append(row)
        if event.kind in {"step", "beside"} and event.preview is not None:
            shown.add(row)
        if event.kind == "step" and job is not None and job.state == "running":
            devices.add(device_of(bench, job))
        changes(row, event)

    run = batch.start(on_event=hear)
    assert run.wait(SOON)
    run.result()
    assert {state["state"] for state in batch.states()} == {"done"}
    return sorted(drawn), shown, devices


def bytes_of(bench, batch):
    return [(bench.artifacts.folder / one["path"]).read_bytes() for one in batch.states()]


def alone_of(tiny_models, folder, sweep):
    with Workbench(tiny_models, folder, "cpu") as alone:
        return bytes_of(alone, alone.sweep(*sweep, name="alone").run())


def test_a_group_is_given_to_one_device_whole_and_its_bytes_are_those_of_one_device(
    bench, tiny_models, tmp_path
):
    sweep = QUICK.changed(steps=8, draw_together=3), {"seed": "601-612"}
    until_there(bench)
    batch = bench.sweep(*sweep, name="groups")
    drawn, shown, devices = drawn_by(bench, batch)
    assert [row // 3 for row in drawn] == [0, 1, 2, 3]  # once each
    assert len(devices) == 2
    assert shown == {*range(12)}
    assert bytes_of(bench, batch) == alone_of(tiny_models, tmp_path, sweep)


@pytest.mark.thorough
def test_a_process_that_dies_while_it_draws_a_group_loses_none_of_its_pictures(
    bench, tiny_models, tmp_path
):
    sweep = QUICK.changed(steps=8, draw_together=3), {"seed": "701-706"}
    killed = []

    def kill_first(row, event):
        job = bench.executor.find(event.job)
        if not killed and row == 0 and event.kind == "step" and job is not None:
            killed.append(job)
            kill(device_of(bench, job))

    batch = bench.sweep(*sweep, name="killed group")
    drawn_by(bench, batch, kill_first)
    assert len(killed) == 1
    assert bytes_of(bench, batch) == alone_of(tiny_models, tmp_path, sweep)


@pytest.mark.thorough
def test_a_picture_that_kills_takes_none_of_those_along_that_are_denoised_with_it(bench):
    batch = bench.sweep(
        QUICK.changed(steps=20, draw_together=3), {"seed": "801-803"}, name="poison"
    )

    def kill_first(row, event):
        job = bench.executor.find(event.job)
        if job is not None and job.state == "running" and event.kind == "step":
            beside = job.request.beside
            if row == 0 or any(one.seed == 801 for one in beside):
                kill(device_of(bench, job))

    run = batch.start(on_event=kill_first)
    assert run.wait(3 * SOON)
    run.result()
    assert [state["state"] for state in batch.states()] == ["failed", "done", "done"]


@pytest.mark.thorough
def test_a_group_that_is_cancelled_goes_on_with_the_same_bytes(bench, tiny_models, tmp_path):
    sweep = QUICK.changed(steps=8, draw_together=3), {"seed": "901-906"}
    batch = bench.sweep(*sweep, name="stopped group")
    stopped = batch.start(
        on_event=lambda _, event: event.kind == "step" and event.step == 3 and stopped.cancel()
    )
    assert stopped.wait(SOON)
    assert any(state["state"] != "done" for state in batch.states())
    drawn_by(bench, batch)
    assert bytes_of(bench, batch) == alone_of(tiny_models, tmp_path, sweep)


@pytest.mark.thorough
def test_a_picture_of_which_three_processes_died_is_a_failed_row_and_the_others_are_made(bench):
    batch = bench.sweep(QUICK.changed(steps=20), {"seed": "201-204"}, name="deadly")

    def kill_first(row, event):
        job = bench.executor.find(event.job)
        if row == 0 and job is not None and event.kind == "step" and event.step == 1:
            kill(device_of(bench, job))

    deaths = bench.executor.statistics.deaths
    run = batch.start(on_event=kill_first)
    assert run.wait(3 * SOON)
    run.result()
    assert [state["state"] for state in batch.states()] == ["failed", "done", "done", "done"]
    assert "signal 9" in batch.states()[0]["error"]
    assert bench.executor.statistics.deaths == deaths + 3


@pytest.mark.parametrize("suffix", [".png", ".json"])
def test_a_picture_that_is_removed_as_soon_as_it_is_saved_is_told_and_others_are_made(
    bench, monkeypatch, suffix
):
    heard, removed = bench.executor.heard, []

    def hear(device, message):
        """Remove the first picture before the message that tells of it is read."""
        run = message.get("event", {}).get("run")
        if run is not None and not removed:
            removed.extend(Path(one).with_suffix(suffix) for one in run["paths"])
            removed[0].unlink()
        heard(device, message)

    monkeypatch.setattr(bench.executor, "heard", hear)
    name = f"removed {suffix[1:]}"
    batch = bench.sweep(QUICK.changed(prompt=name), {"seed": "501-503"}, name=name)
    run = batch.start()
    assert run.wait(SOON)
    run.result()
    (lost,) = [state for state in batch.states() if state["state"] == "failed"]
    assert removed[0].name in lost["error"]
    assert [state["state"] for state in batch.states()].count("done") == 2
    assert {state["state"] for state in batch.run().states()} == {"done"}


@pytest.mark.thorough
def test_a_batch_keeps_each_device_busy_and_a_picture_ready_for_it(bench):
    batch = bench.sweep(QUICK.changed(steps=8, draw_together=1), {"seed": "301-308"}, name="busy")
    executor, seen = QueueExecutor(), []
    batch.start(None, executor, lambda *_: seen.append(len(executor.jobs))).result()
    assert max(seen) == 4
    assert {state["state"] for state in batch.states()} == {"done"}


def test_the_same_picture_made_twice_at_the_same_time_is_one_file(bench):
    bench.executor.pause()
    same = QUICK.changed(seed=401, steps=8)
    jobs = [bench.submit(same) for _ in range(2)]
    bench.executor.go_on()
    runs = [job.result(SOON) for job in jobs]
    first, second = sorted(runs, key=lambda run: run.already_there)
    assert (first.already_there, second.already_there) == ((False,), (True,))
    cached = [{one["name"]: one["cached"] for one in run.record["stages"]} for run in runs]
    assert [stages["txt2img"] for stages in cached] == [run is second for run in runs]
    assert runs[0].artifact.path == runs[1].artifact.path


@pytest.mark.thorough
def test_a_device_draws_the_next_picture_while_one_is_written(tiny_models, tmp_path):
    with Workbench(tiny_models, tmp_path, devices="cpu") as bench:
        bench.execute(QUICK)
        (lock,) = (tmp_path / "cache").glob(".saving-*")
        with alone(lock) as is_held:
            assert is_held
            written = bench.submit(QUICK)  # is drawn, and waits for whoever writes the same
            drawn = bench.submit(LONG, save=False)
            until_begun(bench, [drawn])
            assert written.state == "running"
            assert bench.executor.jobs() == [written, drawn]
            drawn.cancel()
            assert isinstance(drawn.error(SOON), CancelledError)
        assert written.result(SOON).already_there == (True,)
        assert bench.executor.jobs() == []


@pytest.mark.thorough
def test_each_process_has_its_share_of_threads_and_a_picture_is_made_again_byte_for_byte(
    tiny_models, tmp_path, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with (
        Workbench(tiny_models, tmp_path / "two", devices=["cpu", "cpu"]) as two,
        Workbench(tiny_models, tmp_path / "one", "cpu") as one,
    ):
        run = two.execute(QUICK)
        assert run.config.threads == two.resolve(QUICK).threads == 2
        environment = psutil.Process(two.executor.pids[0]).environ()
        assert environment["OMP_NUM_THREADS"] == "2"
        own = two.submit(QUICK, threads=3, anew_from="prompt").result(SOON)
        assert own.config.threads == 3
        assert one.execute(QUICK, save=False).config.threads == 4
        again = one.execute(two.artifacts.load(run.artifact.path))
        assert again.config.threads == 2
        assert again.artifact.path.read_bytes() == run.artifact.path.read_bytes()
        assert two.verify(run).outcome == "equal"


@pytest.mark.thorough
def test_processes_start_when_there_are_jobs_for_them_and_end_with_the_workbench(
    tiny_models, tmp_path
):
    with Workbench(tiny_models, tmp_path, devices=["cpu"] * 3) as bench:
        assert bench.executor.pids == []
        bench.execute(QUICK)
        assert len(bench.executor.pids) == 1
        jobs = [bench.submit(LONG.changed(seed=seed), save=False) for seed in (1, 2)]
        assert len(bench.executor.pids) == 2
        processes = [psutil.Process(pid) for pid in bench.executor.pids]
        children = psutil.Process().children()
        assert {*processes} <= {*children}
    assert [type(job.error(SOON)) for job in jobs] == [CancelledError] * 2
    assert not any(one.is_running() for one in processes)


def test_jobs_fail_by_name_where_the_system_starts_no_process_and_none_of_them_hangs(
    tiny_models, tmp_path, monkeypatch
):
    with Workbench(tiny_models, tmp_path / "outputs", devices="cpu,cpu") as bench:
        with monkeypatch.context() as machine:
            machine.setattr(sys, "executable", str(tmp_path / "gone"))
            jobs = [bench.submit(QUICK.changed(seed=seed)) for seed in (1, 2)]
            for job in jobs:
                with pytest.raises(WorkerEndedError, match="cannot be started"):
                    job.result(SOON)
            assert bench.executor.jobs() == []
            with pytest.raises(WorkerEndedError, match="cannot be started"):
                bench.executor.resolve(QUICK)
        assert bench.submit(QUICK).result(SOON).config.seed == 7


@pytest.mark.thorough
def test_devices_that_never_start_are_told_and_the_others_are_tried_first(
    tiny_models, tmp_path, monkeypatch
):
    # As where the installation is damaged: Python itself does not come up.
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    started = []
    spawn = WorkerProcess._spawn

    def noted(process, *given):
        started.append(process)
        return spawn(process, *given)

    monkeypatch.setattr(WorkerProcess, "_spawn", noted)
    with Workbench(tiny_models, tmp_path / "outputs", devices="cpu,cpu") as bench:
        job = bench.submit(QUICK)
        with pytest.raises(WorkerEndedError, match="before it was ready, 3 times"):
            job.result(SOON)
        assert len(started) == 6
        assert {*started} == {one.process for one in bench.executor.devices}
