"""Batches: every picture of a sweep, made once, whatever happens in between."""

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import publishing
from medialab.batch.batch import Batch
from medialab.errors import BatchError, CancelledError, ConfigError
from medialab.process.versions import program_version

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
AXES = {"seed": [1, 2], "guidance_scale": [1, 3, 5]}
# Makes a batch in a process of its own, and says each row.
MAKER = """
import sys
from medialab import PipelineConfig, Workbench
from medialab.artifacts import publishing
base = PipelineConfig.model_validate_json(sys.argv[3])
with Workbench(models=sys.argv[1], outputs=sys.argv[2], device="cpu") as bench:
    axes = {"seed": [1, 2], "guidance_scale": [1, 3, 5]}
    bench.sweep(base, axes, name="poster").run(lambda row, state: print(row, flush=True))
print("all", flush=True)
"""


def _bytes(batch):
    outputs = batch.journal.folder.parents[1]
    return [(outputs / path).read_bytes() for path in batch.table["path"]]


@pytest.fixture(scope="module")
def expected(tiny_models, tmp_path_factory):
    """The pictures' bytes, each made alone."""
    with Workbench(tiny_models, tmp_path_factory.mktemp("alone"), device="cpu") as bench:
        runs = [
            bench.execute(BASE.changed(seed=seed, guidance_scale=scale))
            for seed in AXES["seed"]
            for scale in AXES["guidance_scale"]
        ]
        return [run.artifact.path.read_bytes() for run in runs]


def test_a_batch_is_a_table_with_a_row_for_each_picture(bench, expected):
    seen = []
    batch = bench.sweep(BASE, AXES, name="poster").run(lambda row, _: seen.append(row))
    table = batch.table

    assert sorted(seen) == [*range(6)]
    assert [*table["seed"]] == [1, 1, 1, 2, 2, 2]
    assert [*table["guidance_scale"]] == [1.0, 3.0, 5.0] * 2
    assert table["guidance_scale"].dtype == float
    assert {*table["status"]} == {"done"}
    assert table["error"].isna().all()
    assert (table["seconds.txt2img"] > 0).all()
    assert _bytes(batch) == expected
    assert [*table["sha256"]] == [hashlib.sha256(one).hexdigest() for one in expected]


def test_the_contact_sheet_has_every_picture_with_its_values(bench):
    batch = bench.sweep(BASE, AXES, name="poster").run()

    (sheet,) = batch.sheet(columns="seed", tile=64)

    assert sheet.height > 3 * 64
    assert sheet.width > 2 * 64
    with Image.open(bench.artifacts.folder / batch.table["path"][5]) as last:
        corner = sheet.crop(
            (sheet.width - 72, sheet.height - 72, sheet.width - 8, sheet.height - 8)
        )
        assert corner.tobytes() == last.convert("RGB").tobytes()


def test_run_again_makes_nothing_and_a_missing_picture_once(bench, expected):
    batch = bench.sweep(BASE, AXES, name="poster").run()
    gone = bench.artifacts.folder / batch.table["path"][4]
    gone.unlink()
    made = []

    again = bench.sweep(BASE, AXES, name="poster").run(lambda row, _: made.append(row))

    assert made == [4]
    assert _bytes(again) == expected
    assert len(bench.artifacts.find()) == 6


def test_a_batch_is_opened_again_by_its_name(bench):
    made = bench.sweep(BASE, AXES, name="poster").run()

    opened = bench.batch("poster")

    assert bench.batches() == ["poster"]
    assert opened.table.equals(made.table)
    assert [opened.config(row) for row in range(6)] == [made.config(row) for row in range(6)]


def test_a_batch_that_is_not_there_is_told_with_those_that_are(bench):
    bench.sweep(BASE, AXES, name="poster")

    with pytest.raises(BatchError, match="no batch 'postr'; known: poster"):
        bench.batch("postr")
    with pytest.raises(BatchError, match="cannot be named"):
        bench.batch("../poster")


def test_other_settings_need_another_name(bench):
    bench.sweep(BASE, AXES, name="poster")

    with pytest.raises(BatchError, match=r"base\.steps: 2, now 4"):
        bench.sweep(BASE.changed(steps=4), AXES, name="poster")
    with pytest.raises(BatchError, match="axes"):
        bench.sweep(BASE, {"seed": [1, 2]}, name="poster")


def test_the_same_picture_is_made_once(bench):
    batch = bench.sweep(BASE, {"seed": [1, 2, 1]}, name="twice").run()

    assert len(bench.artifacts.find()) == 2
    assert batch.table["path"][0] == batch.table["path"][2]
    assert [*batch.table["seed"]] == [1, 2, 1]


def test_a_seed_left_to_chance_is_drawn_once_for_the_batch(bench):
    batch = bench.sweep(BASE.changed(seed=-1), {"guidance_scale": [1, 3]}, name="chance").run()
    again = bench.sweep(BASE.changed(seed=-1), {"guidance_scale": [1, 3]}, name="chance").run()

    assert len({*batch.table["seed"]}) == 1
    assert batch.table["seed"][0] >= 0
    assert again.table.equals(batch.table)
    assert len(bench.artifacts.find()) == 2


def test_swept_seeds_left_to_chance_differ(bench):
    batch = bench.sweep(BASE, {"seed": [-1, -1, 5]}, name="chance").run()

    seeds = [*batch.table["seed"]]
    assert len({*seeds}) == 3
    assert seeds[2] == 5


def test_a_failed_picture_is_a_row_and_the_others_go_on(bench):
    batch = bench.sweep(BASE, {"checkpoint": ["gone", "paperdoll"]}, name="poster").run()

    assert [*batch.table["status"]] == ["failed", "done"]
    assert "no checkpoint 'gone'" in batch.table["error"][0]


def test_an_error_that_hits_every_picture_stops_after_three(bench):
    batch = bench.sweep(BASE.changed(checkpoint="gone"), {"seed": "1-9"}, name="poster")

    with pytest.raises(BatchError, match=r"3 pictures in a row failed.*no checkpoint 'gone'"):
        batch.run()
    assert [*batch.table["status"]] == ["failed"] * 3 + ["waiting"] * 6


def test_rows_are_made_again_when_asked_for(bench):
    batch = bench.sweep(BASE, AXES, name="poster").run()
    before = [*batch.table["path"]]

    again = batch.rerun([1, 3])

    after = [*again.table["path"]]
    assert [row for row in range(6) if before[row] != after[row]] == [1, 3]
    with pytest.raises(BatchError, match="there is no row 6"):
        batch.rerun([6])
    path = again.table["path"]
    batch.rerun(again.table[again.table["guidance_scale"] == 5])
    assert [row for row in range(6) if path[row] != batch.table["path"][row]] == [2, 5]


@pytest.mark.parametrize(
    "rows",
    [
        [True, False],
        [1.0],
        "12",
        [None],
        np.array([True, False]),
        [np.True_],
        [np.float64(1)],
        [-1],
    ],
    ids=repr,
)
def test_what_is_no_row_is_refused_and_the_batch_stays_as_it_is(bench, rows):
    batch = bench.sweep(BASE, {"seed": [1, 2]}, name="poster").run()
    before = batch.states()

    with pytest.raises(BatchError, match="there is no row"):
        batch.rerun(rows)
    assert bench.batch("poster").states() == before


@pytest.mark.parametrize(
    "rows", [1, np.int64(1), np.array([1]), pd.Index([1]), range(1, 2)], ids=repr
)
def test_a_row_may_be_any_whole_number(bench, rows):
    batch = bench.sweep(BASE, {"seed": [1, 2]}, name="poster").run()
    before = [*batch.table["path"]]

    after = [*batch.rerun(rows).table["path"]]

    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]


def test_a_cancelled_batch_goes_on_later(bench, expected):
    batch = bench.sweep(BASE, AXES, name="poster")
    started = []

    def stop(event):  # while the third is drawn, and the second may be being written
        if event.kind == "started":
            started.append(event.job)
            if len(started) == 3:
                bench.executor.cancel_all()

    bench.executor.listen(stop)

    with pytest.raises(CancelledError):
        batch.run()
    assert [*batch.table["status"]].count("done") == 2
    with Workbench(bench.registry.folder, bench.artifacts.folder, device="cpu") as other:
        assert _bytes(other.batch("poster").run()) == expected


def test_several_pictures_a_request_are_refused(bench):
    with pytest.raises(ConfigError, match="sweep the seed"):
        bench.sweep(BASE.changed(batch_size=4), AXES, name="poster")
    with pytest.raises(ConfigError, match="sweep the seed"):
        bench.sweep(BASE, {"batch_size": [1, 2]}, name="poster")


@pytest.mark.parametrize("content", ['{"version": 1}', '{"version": 1, "base": {"stps": 1}}'])
def test_a_request_of_something_else_is_refused(bench, content):
    batch = bench.sweep(BASE, AXES, name="poster")
    batch.journal.request_file.write_text(content)

    with pytest.raises(BatchError, match="'poster'"):
        bench.batch("poster")


def test_a_picture_that_was_finished_but_not_noted_is_not_made_again(bench, expected):
    batch = bench.sweep(BASE, AXES, name="poster").run()
    lines = batch.journal.file.read_text().splitlines(keepends=True)
    # As after kill -9 between the picture and its line.
    batch.journal.file.write_text("".join(lines[:-1]))
    assert json.loads(lines[-1])["state"] == "done"

    again = bench.batch("poster").run()

    assert _bytes(again) == expected
    assert len(bench.artifacts.find()) == 6


def _killed(models, outputs, pause):
    """Begin the batch in another process, and kill it some time after its first picture."""
    command = [sys.executable, "-c", MAKER, str(models), str(outputs), BASE.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)


# Seconds after the first picture, spread over the second in which the others are made.
PAUSES = [random.Random(number).uniform(0, 0.6) for number in range(30)]


@pytest.mark.parametrize(
    "pause", [0.05, *(pytest.param(one, marks=pytest.mark.thorough) for one in PAUSES)]
)
def test_kill_9_loses_nothing_and_makes_nothing_twice(tiny_models, tmp_path, expected, pause):
    outputs = tmp_path / "outputs"
    _killed(tiny_models, outputs, pause)

    with Workbench(tiny_models, outputs, device="cpu") as bench:
        assert _bytes(bench.sweep(BASE, AXES, name="poster").run()) == expected
        assert len(bench.artifacts.find()) == 6


@pytest.mark.thorough
def test_of_two_processes_that_make_a_batch_at_once_one_makes_it_and_the_other_is_told(
    tiny_models, tmp_path, expected
):
    outputs = tmp_path / "outputs"
    command = [sys.executable, "-c", MAKER, str(tiny_models), str(outputs), BASE.model_dump_json()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        said = [process.communicate() for process in (one, other)]
        codes = sorted(process.returncode for process in (one, other))
    rows = [line for told, _ in said for line in told.splitlines() if line != "all"]
    assert sorted(rows) == [*"012345"]
    assert codes in ([0, 1], [0, 0])  # the other came when all was made
    errors = "".join(error for _, error in said)
    assert ("is being made by another process" in errors) == (codes == [0, 1]), errors

    with Workbench(tiny_models, outputs, device="cpu") as bench:
        assert _bytes(bench.sweep(BASE, AXES, name="poster").run()) == expected
        assert len(bench.artifacts.find()) == 6


def test_a_workbench_that_is_closed_meanwhile_fails_no_row(tiny_models, tmp_path):
    outputs = tmp_path / "outputs"
    with Workbench(tiny_models, outputs, device="cpu") as bench:
        run = bench.sweep(BASE, {"seed": "1-30"}, name="poster").start()
        while not run.rows:
            time.sleep(0.01)
    assert run.wait(60)
    assert run.state in {"stopped", "failed"}
    states = [state["state"] for state in Batch(bench, "poster").states()]
    assert {*states} == {"done", "waiting"}


@pytest.mark.parametrize("axes", [[[]], ["seed"], [None]])
def test_a_request_that_was_damaged_is_told_by_name(bench, axes):
    file = bench.sweep(BASE, AXES, name="poster").journal.request_file
    file.write_text(json.dumps(json.loads(file.read_text()) | {"axes": axes}))
    with pytest.raises(BatchError, match="the request of the batch 'poster' cannot be read"):
        bench.batch("poster")


def test_what_two_ask_to_measure_at_the_same_moment_is_measured(bench):
    batch = bench.sweep(BASE, {"seed": [1]}, name="poster").run()
    one, other = bench.batch("poster"), bench.batch("poster")
    one.measured.ask(["sharpness"])
    other.measured.ask(["mean_colour"])
    assert [*bench.batch("poster").measure().table.columns[-2:]] == ["sharpness", "mean_colour"]
    assert batch.measured.asked == []


def test_metrics_are_columns_and_are_measured_once(bench, tmp_path):
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    asked = ["sharpness", {"difference": tmp_path / "red.png"}]
    batch = bench.sweep(BASE, {"seed": [1, 2, 1]}, name="poster", metrics=asked).run()
    lines = batch.measured.file.read_text()

    more = bench.batch("poster").measure(["mean_colour"]).table

    assert [*batch.table.columns[-2:]] == ["sharpness", "difference"]
    assert [*more.columns[-3:]] == ["sharpness", "difference", "mean_colour"]
    assert more["sharpness"][0] == more["sharpness"][2] != more["sharpness"][1]
    assert more["difference"].between(0, 1).all()
    assert batch.measured.file.read_text().startswith(lines)
    assert "sharpness" not in batch.measured.file.read_text().removeprefix(lines).split("values")[1]


def test_a_metric_that_is_not_there_begins_no_batch(bench):
    with pytest.raises(ConfigError, match="Did you mean 'sharpness'"):
        bench.sweep(BASE, AXES, name="poster", metrics=["sharpnes"])

    assert bench.batches() == []
    assert not (bench.artifacts.folder / "batches").exists()


def test_the_table_says_what_was_cached_and_by_which_version(bench):
    table = bench.sweep(BASE, {"guidance_scale": [1, 3]}, name="poster").run().table

    assert table["cached.prompt"].tolist() == [False, True]
    assert table["cached.txt2img"].tolist() == [False, False]
    assert table["seconds.prompt"][1] == 0
    assert {*table["version"]} == {program_version()}


def test_outputs_that_cannot_be_written_begin_no_batch(tiny_models, tmp_path):
    if os.geteuid() == 0 and not _refuses_root(tmp_path):
        outputs = tmp_path / "outputs"
        outputs.write_text("a file in the place of the folder")
    else:
        outputs = tmp_path / "outputs"
        outputs.mkdir(mode=0o500)
    with (
        Workbench(tiny_models, outputs, device="cpu") as bench,
        pytest.raises(BatchError, match="'poster' cannot be begun"),
    ):
        bench.sweep(BASE, AXES, name="poster")


def _refuses_root(folder):
    """Whether the system refuses this user a folder without the right to write."""
    probe = folder / "probe"
    probe.mkdir(mode=0o500)
    try:
        (probe / "a").touch()
    except OSError:
        return True
    return False


def test_a_full_disk_stops_the_batch_with_one_message_and_it_goes_on_later(
    bench, expected, monkeypatch
):
    batch = bench.sweep(BASE, AXES, name="poster")
    whole, left = publishing.publish, iter(range(2))

    def publish(*arguments):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish", publish)
        with pytest.raises(BatchError, match=r"3 pictures in a row.*the disk is full"):
            batch.run()
    assert [*batch.table["status"]].count("done") == 2
    assert len(bench.artifacts.find()) == 2

    assert _bytes(batch.run()) == expected
    assert len(bench.artifacts.find()) == 6


@pytest.mark.parametrize("line", ['{"row": 1, "sta', "not a line", '{"row": 99, "state": "done"}'])
def test_a_damaged_line_in_the_middle_is_named_and_nothing_is_lost(bench, expected, line):
    batch = bench.sweep(BASE, AXES, name="poster").run()
    lines = batch.journal.file.read_text().splitlines(keepends=True)
    batch.journal.file.write_text("".join([*lines[:3], f"{line}\n", *lines[3:]]))

    with pytest.raises(BatchError, match=r"line 4 of journal\.jsonl.*'poster'.*remove that line"):
        bench.batch("poster").run()
    batch.journal.file.write_text("".join(lines))
    assert _bytes(bench.batch("poster").run()) == expected
    assert len(bench.artifacts.find()) == 6


def test_a_request_of_another_version_is_refused_and_says_so(bench):
    batch = bench.sweep(BASE, AXES, name="poster")
    request = json.loads(batch.journal.request_file.read_text())
    batch.journal.request_file.write_text(json.dumps(request | {"version": 2}))

    with pytest.raises(BatchError, match="'poster' is of version 2, this program reads 1"):
        bench.sweep(BASE, AXES, name="poster")
