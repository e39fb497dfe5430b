"""A batch on two workers, processes of their own: the same bytes, whatever dies in between."""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.batch.cells import Cell, Cells
from medialab.batch.cluster import DaskExecutor
from medialab.batch.executors import Work
from medialab.errors import BatchError, CancelledError, ConfigError, PictureError
from tests.batch.cluster.conftest import SOON

ROOT = Path(__file__).resolve().parents[3]
BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
AXES = {"seed": "1-4", "guidance_scale": [1, 5]}


ROWS = 24
# Makes a batch in a process of its own, and says each row.
MAKER = f"""
import sys
from medialab import PipelineConfig, Workbench
from medialab.batch.cluster import DaskExecutor
base = PipelineConfig.model_validate_json(sys.argv[4])
with Workbench(models=sys.argv[1], outputs=sys.argv[2], device="cpu") as bench:
    batch = bench.sweep(base, {{"seed": "1-{ROWS}"}}, name="poster")
    print("begun", flush=True)
    batch.run(lambda row, state: print(row, flush=True), DaskExecutor(sys.argv[3]))
print("all", flush=True)
"""


@pytest.fixture(scope="module")
def rows_expected(tiny_models, tmp_path_factory):
    """The bytes of that batch's pictures, made without Dask."""
    with Workbench(tiny_models, tmp_path_factory.mktemp("alone"), device="cpu") as bench:
        return _bytes(bench.sweep(BASE, {"seed": f"1-{ROWS}"}, name="poster").run())


@pytest.fixture(scope="module")
def expected(tiny_models, tmp_path_factory):
    """The bytes of the pictures, made without Dask."""
    with Workbench(tiny_models, tmp_path_factory.mktemp("alone"), device="cpu") as bench:
        return _bytes(bench.sweep(BASE, AXES, name="poster").run())


def _bytes(batch):
    return [(batch.bench.artifacts.folder / path).read_bytes() for path in batch.table["path"]]


def _files(bench):
    return sorted(bench.artifacts.folder.glob("20*/*.png"))


@pytest.mark.thorough
def test_the_workers_make_the_bytes_of_the_queue_and_tell_of_each_step(
    bench, two_workers, expected
):
    said, heard = [], []
    batch = bench.sweep(BASE, AXES, name="poster")

    run = batch.start(
        executor=DaskExecutor(two_workers.address, say=said.append),
        on_event=lambda row, event: heard.append((row, event)),
    )

    assert run.wait(SOON)
    assert (run.state, run.done) == ("done", 8), run.error
    assert _bytes(batch) == expected
    assert len(_files(bench)) == 8
    started = {row for row, event in heard if event.kind == "started"}
    assert len(started) > 4  # one that comes after its picture is not told
    assert any(event.preview is not None for _, event in heard)
    assert len([one for one in said if "writes its pictures into this outputs folder" in one]) == 2
    assert not (batch.journal.folder / "arriving").exists()


@pytest.mark.thorough
def test_a_picture_to_start_from_reaches_the_workers(bench, two_workers):
    picture = bench.keep(Image.new("RGB", (64, 64), "red"))
    config = BASE.changed(mode="img2img", image=picture)
    batch = bench.sweep(config, {"img2img.denoising_strength": [0.5, 1.0]}, name="varied")

    batch.run(executor=DaskExecutor(two_workers.address))

    assert [*batch.table["status"]] == ["done"] * 2
    alone = bench.sweep(config, {"img2img.denoising_strength": [0.5, 1.0]}, name="alone").run()
    assert [*alone.table["sha256"]] == [*batch.table["sha256"]]


def test_pictures_are_sent_back_where_the_outputs_folder_is_not_shared(bench, two_workers):
    said = []
    configs = [bench.resolve(BASE.changed(seed=seed)) for seed in (1, 2)]
    cells = Cells([(0, "paperdoll"), (1, "paperdoll")], lambda row: Cell(row, configs[row]))
    # Each process has another folder of this name: the one that it was started in.
    work = Work(bench, cells, lambda *_: None, Path("/proc/self/cwd/outputs"), lambda: configs)

    made = list(DaskExecutor(two_workers.address, say=said.append).make(work))

    assert len([one for one in said if "sends its pictures back" in one]) == 2
    assert {one.cell.row for one in made} == {0, 1}
    for one in made:
        with Image.open(one.artifact.path) as picture:
            run = bench.execute(one.cell.config, save=False)
            assert picture.tobytes() == run.image.tobytes()


def test_cancelling_reaches_the_running_pictures_within_a_step(bench, two_workers):
    batch = bench.sweep(BASE.changed(steps=150), {"seed": "1-4"}, name="long")
    steps, stepped = [], threading.Event()

    def hear(_row, event):
        if event.kind == "step":
            steps.append(event.step)
            stepped.set()

    run = batch.start(executor=DaskExecutor(two_workers.address), on_event=hear)
    assert stepped.wait(SOON)
    run.cancel()

    assert run.wait(SOON)
    assert (run.state, type(run.error)) == ("stopped", CancelledError)
    assert max(steps) < 150
    assert {*batch.table["status"]} == {"waiting"}
    # The workers are free again: another batch does not wait for 150 steps.
    quick = bench.sweep(BASE, {"seed": "1-2"}, name="quick")
    quick.run(executor=DaskExecutor(two_workers.address))
    assert {*quick.table["status"]} == {"done"}


def test_a_failed_picture_is_a_row_with_the_message_of_its_worker(bench, two_workers):
    # A file that vanishes after the look: only whoever makes the picture can notice.
    picture = bench.keep(Image.new("RGB", (64, 64), "blue"))
    good = bench.resolve(BASE)
    bad = bench.resolve(BASE.changed(mode="img2img", image=picture))
    (bench.pictures.folder / f"{picture}.png").unlink()
    configs = [good, bad]
    cells = Cells([(0, "paperdoll"), (1, "paperdoll")], lambda row: Cell(row, configs[row]))
    folder = bench.artifacts.folder / "batches" / "poster"
    work = Work(bench, cells, lambda *_: None, folder, lambda: [good])

    made = {one.cell.row: one for one in DaskExecutor(two_workers.address).make(work)}

    assert made[0].error is None
    assert isinstance(made[1].error, PictureError)


def test_a_worker_without_the_model_is_told_before_anything_starts(bench, two_workers, tmp_path):
    batch = bench.sweep(BASE, AXES, name="poster")
    (tmp_path / "empty").mkdir()
    executor = DaskExecutor(two_workers.address, models=[tmp_path / "empty"])

    with pytest.raises(BatchError, match=r"tcp://.*no checkpoint 'paperdoll'.*tcp://.*empty"):
        batch.run(executor=executor)
    assert {*batch.table["status"]} == {"waiting"}


def test_a_worker_of_another_device_is_told_before_anything_starts(bench, two_workers):
    batch = bench.sweep(BASE, AXES, name="poster")

    with pytest.raises(BatchError, match="the batch is made on cuda, and it has cpu only"):
        batch.run(executor=DaskExecutor(two_workers.address, device="cuda"))
    assert {*batch.table["status"]} == {"waiting"}


@pytest.mark.thorough
def test_a_worker_of_another_version_is_told_before_anything_starts(bench, two_workers, tmp_path):
    other = tmp_path / "other" / "diffusers-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: diffusers\nVersion: 9.9\n")
    path = os.pathsep.join([str(other.parent), str(ROOT)])
    batch = bench.sweep(BASE, AXES, name="poster")
    worker = two_workers.start_worker(PYTHONPATH=path)
    executor = DaskExecutor(two_workers.address)
    _wait_for_workers(two_workers)

    with pytest.raises(BatchError, match=r"diffusers 9\.9, here 0\."):
        batch.run(executor=executor)

    worker.kill()
    worker.wait()
    _wait_for_workers(two_workers)


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(2, 0), *(pytest.param(8, seed, marks=pytest.mark.thorough) for seed in (1, 2, 3))],
)
def test_kill_9_of_the_batch_itself_loses_nothing_and_makes_nothing_twice(
    tiny_models, two_workers, tmp_path, rows_expected, kills, seed
):
    command = [sys.executable, "-c", MAKER, str(tiny_models), str(tmp_path), two_workers.address]
    chance = random.Random(seed)
    for _ in range(kills):
        with subprocess.Popen(
            [*command, BASE.model_dump_json()], stdout=subprocess.PIPE, text=True
        ) as process:
            rows = 1 + chance.randrange(4)
            while rows and process.stdout.readline().strip() not in {"", "all"}:
                rows -= 1
            time.sleep(chance.uniform(0, 0.2))
            process.kill()

    with Workbench(tiny_models, tmp_path, device="cpu") as bench:
        batch = bench.batch("poster").run(executor=DaskExecutor(two_workers.address))
        assert _bytes(batch) == rows_expected
        assert len(_files(bench)) == ROWS


@pytest.mark.thorough
def test_a_worker_that_dies_is_replaced_by_the_other(bench, two_workers, expected):
    said = []
    batch = bench.sweep(BASE, AXES, name="poster")

    def kill_one(_row, _state):
        if two_workers.workers[0].poll() is None:
            two_workers.kill_worker(0)

    batch.run(kill_one, DaskExecutor(two_workers.address, say=said.append))

    assert _bytes(batch) == expected
    assert len(_files(bench)) == 8
    assert [one for one in said if one.endswith("has died")]


def test_a_worker_that_died_just_before_is_not_waited_for(bench, two_workers):
    two_workers.start_worker("--name", "short-lived", "--resources", "GPU=1")
    _wait_for_workers(two_workers)
    two_workers.kill_worker(-1)
    del two_workers.workers[-1]
    batch = bench.sweep(BASE, AXES, name="poster")

    batch.run(executor=DaskExecutor(two_workers.address))

    assert {*batch.table["status"]} == {"done"}


@pytest.mark.thorough
def test_a_worker_that_comes_later_helps(bench, two_workers):
    before, came = two_workers.alive, threading.Event()
    said = []

    def say(text):
        said.append(text)
        if len([one for one in said if "it writes" in one]) > before:
            came.set()

    batch = bench.sweep(BASE.changed(steps=150), {"seed": "1-400"}, name="many")
    run = batch.start(executor=DaskExecutor(two_workers.address, say=say))
    two_workers.start_worker()
    assert came.wait(SOON), said
    run.cancel()
    assert run.wait(SOON)
    assert run.state == "stopped"


@pytest.mark.thorough
def test_a_picture_of_which_three_workers_die_is_a_failed_row_and_the_rest_goes_on(bench, cluster):
    for number in range(len(cluster.workers)):
        cluster.kill_worker(number)
    _wait_for_workers(cluster)
    cluster.start_worker()
    batch = bench.sweep(BASE.changed(steps=20), {"seed": "1-3"}, name="poster")
    deaths = []

    def hear(row, event):
        if row == 0 and event.kind == "started":
            deaths.append(row)
            cluster.kill_worker(-1)
            cluster.start_worker()

    run = batch.start(executor=DaskExecutor(cluster.address, patience=SOON), on_event=hear)

    assert run.wait(SOON)
    assert len(deaths) == 3
    assert [*batch.table["status"]] == ["failed", "done", "done"]
    assert "3 workers died" in batch.table["error"][0]


def test_without_workers_the_batch_says_how_to_start_one(bench, cluster):
    batch = bench.sweep(BASE, AXES, name="poster")
    for number in range(len(cluster.workers)):
        cluster.kill_worker(number)
    _wait_for_workers(cluster)

    with pytest.raises(BatchError, match="--nthreads 1 --resources GPU=1"):
        batch.run(executor=DaskExecutor(cluster.address, patience=0.1))
    assert {*batch.table["status"]} == {"waiting"}


@pytest.mark.thorough
def test_a_scheduler_that_is_not_there_is_told_with_its_address(bench):
    batch = bench.sweep(BASE, AXES, name="poster")

    with pytest.raises(BatchError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        batch.run(executor=DaskExecutor("tcp://127.0.0.1:9"))
    assert {*batch.table["status"]} == {"waiting"}


def test_either_an_address_or_a_number_of_workers_is_given():
    with pytest.raises(ConfigError, match="workers=2"):
        DaskExecutor()
    with pytest.raises(ConfigError, match="workers=2"):
        DaskExecutor("tcp://127.0.0.1:8786", workers=2)


def _wait_for_workers(cluster):
    """Wait until the scheduler knows the workers that run, and no other."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        while len(client.scheduler_info()["workers"]) != cluster.alive:
            threading.Event().wait(0.05)
