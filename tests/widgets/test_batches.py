"""The studio's batches are begun, listed, opened and imported; each is one row of the queue."""

import time

import pytest

from medialab import PipelineConfig
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError
from widgets import Studio

SECONDS = 60
BASE = PipelineConfig(prompt="a doll", steps=1, width=64, height=64, seed=3)
FILE = """
name: from a file
settings: {prompt: a doll, steps: 1, width: 64, height: 64, seed: 3}
axes: {seed: 1-2}
"""


def wait_until(is_so):
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def wait(studio):
    for making in studio.batches.panel.made_here.values():
        assert making.run.wait(SECONDS)
    wait_until(lambda: not studio.batches.left)


def test_a_batch_is_one_row_of_the_queue_which_stops_and_opens_it(studio):
    slow = BASE.model_copy(update={"steps": 60})
    studio.batches.begin(Sweep(slow, {"seed": "1-9"}), "nine")
    wait_until(lambda: len(studio.bench.executor.jobs()) == 2)
    rows = studio.canvas.foot.jobs
    assert [(row["label"], row["is_batch"]) for row in rows] == [("Batch nine", True)]
    assert rows[0]["facts"].startswith("0 of 9 made")
    studio.batches.panel.close()
    studio.canvas.foot.act("job", "batch:nine", "open", None)
    assert studio.batch.name == "nine"
    studio.canvas.foot.act("job", "batch:nine", "cancel", None)
    wait(studio)
    wait_until(lambda: studio.canvas.foot.jobs == [])
    assert studio.canvas.foot.error == {}


def test_a_single_picture_is_made_meanwhile_and_the_grid_stays_behind_it(studio):
    slow = BASE.model_copy(update={"steps": 30})
    studio.batches.begin(Sweep(slow, {"seed": "1-4"}), "four")
    studio.session.submit(BASE.model_copy(update={"prompt": "another", "seed": 9}))
    studio.session.wait(SECONDS)
    wait_until(lambda: studio.canvas.shown is not None)
    assert studio.canvas.shown.config.prompt == "another"
    assert (studio.canvas.viewer.mode, studio.canvas.viewer.tile) == ("view", -1)
    assert len(studio.canvas.viewer.grid["labels"]) == 4
    wait(studio)
    assert studio.batch.table["status"].tolist() == ["done"] * 4
    assert studio.canvas.shown.config.prompt == "another"


def test_a_tile_is_shown_with_its_settings_and_the_grid_is_gone_back_to(studio):
    studio.batches.begin(Sweep(BASE, {"seed": "5-6"}), "two")
    wait(studio)
    viewer = studio.canvas.viewer
    viewer._handle_custom_msg({"kind": "tile", "index": 1}, [])
    assert (studio.canvas.shown.config.seed, viewer.tile, viewer.mode) == (6, 1, "view")
    viewer.mode = "grid"
    assert len(viewer.grid["labels"]) == 2


def test_pictures_of_one_run_take_the_grids_place(studio):
    studio.batches.begin(Sweep(BASE, {"seed": "5-6"}), "two")
    wait(studio)
    studio.session.submit(BASE.model_copy(update={"batch_size": 3}))
    studio.session.wait(SECONDS)
    wait_until(lambda: len(studio.canvas.pictures) == 3)
    assert studio.batches.open_one is None
    assert studio.batches.panel.bar.batch["name"] == ""
    with pytest.raises(LookupError, match=r"no batch is open.*known: two"):
        studio.batch  # noqa: B018 - it raises


def test_marked_pictures_go_on_in_the_studio(studio):
    studio.batches.begin(Sweep(BASE, {"seed": "5-6"}), "two")
    wait(studio)
    panel = studio.batches.panel
    studio.canvas.viewer.set_state({"marked": [1]})
    panel.act("use", {})
    assert studio.form.value("seed") == 6
    panel.act("history", {})
    assert studio.shelf.chosen == "History"
    assert [one.seed for one in studio.history.selected] == [6]
    panel.act("start", {})
    assert studio.form.value("image") is not None


def test_all_are_listed_the_newest_first_and_a_broken_one_says_so(studio, bench):
    bench.sweep(BASE, {"seed": "1-2"}, name="old").run()
    bench.sweep(BASE, {"seed": [1, 2, 1]}, name="new").run()
    (bench.artifacts.folder / "batches" / "old" / "request.json").write_text("{}")
    listed = studio.batches.listed()
    assert listed[0] == {"name": "new", "told": "3 of 3 made"}
    assert listed[1]["name"] == "old"
    assert "version" in listed[1]["told"]


def test_a_file_is_opened_but_not_started_and_a_bad_one_is_named(studio):
    button = studio.making.button
    send = {"kind": "file", "name": "a.yaml"}
    button._handle_custom_msg({**send, "text": FILE}, [])
    assert studio.batch.name == "from a file"
    assert studio.batches.panel.bar.batch["state"] == "waiting"
    for text, said in (
        ("axes: [", "a.yaml is not the YAML of a batch"),
        ("!!python/object:os.system {}", "is not allowed"),
        ("axes: {stepz: 1-2}", "stepz"),
        ("axes: {prompt: {file: /etc/passwd}}", "other files are not read with it"),
        ("name: ../up\naxes: {steps: 1-2}", "cannot be named"),
        (FILE.replace("1-2", "1-3"), "other settings"),
    ):
        button._handle_custom_msg({**send, "text": text}, [])
        assert [fault["at"] for fault in button.faults] == ["file"]
        assert said in button.faults[0]["text"]


def test_a_new_kernel_has_the_batch_that_was_open_and_resumes_it(bench):
    studio = Studio(bench)
    slow = BASE.model_copy(update={"steps": 20})
    studio.batches.begin(Sweep(slow, {"seed": "1-3"}), "three")
    studio.close()
    assert bench.executor.jobs() == []
    again = Studio(bench)
    try:
        assert again.batch.name == "three"
        assert again.batches.panel.bar.batch["state"] in {"waiting", "stopped"}
        assert len(again.canvas.viewer.grid["labels"]) == 3
        again.batches.panel.act("run", {})
        wait(again)
        assert again.batch.table["status"].tolist() == ["done"] * 3
        again.batches.panel.close()
    finally:
        again.close()
    last = Studio(bench)
    assert last.batches.open_one is None
    last.close()


def test_a_batch_of_no_folders_name_is_refused(studio):
    with pytest.raises(BatchError, match="cannot be named"):
        studio.batches.begin(Sweep(BASE, {"seed": "1-2"}), "a/b")
    assert studio.batches.open_one is None
