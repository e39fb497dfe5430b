"""The last settings come back, and nothing else does."""

import os

import pytest

from medialab import PipelineConfig
from medialab.errors import ArtifactError
from widgets import Studio
from widgets.saved_state import SavedState

BEGIN = PipelineConfig(prompt="as the notebook begins", seed=7)
LEFT = PipelineConfig(prompt="as it was left", face={"enabled": True}, seed=9)


@pytest.fixture
def saved(tmp_path):
    return SavedState(tmp_path / "outputs")


def test_what_is_kept_comes_back(saved):
    assert saved.load() is None
    saved.save(LEFT, BEGIN)
    assert saved.load() == (LEFT, BEGIN)
    saved.save(LEFT, None)
    assert saved.load() == (LEFT, None)
    assert [path.name for path in saved.path.parent.iterdir()] == ["studio.json"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"config": {"stepz": 3}, "began_with": null, "task": "batch"}']
)
def test_a_broken_or_foreign_file_counts_as_none(saved, content):
    saved.path.parent.mkdir()
    saved.path.write_text(content)
    assert saved.load() is None


def test_a_new_kernel_goes_on_where_the_last_one_was(bench):
    first = Studio(bench)
    first.begin(BEGIN)
    assert first.undo.undo.disabled  # an empty form is no setting of anybody
    first.form.show(LEFT)
    assert not first.undo.undo.disabled
    first.close()  # a kernel that dies does not even do this
    second = Studio(bench)
    second.begin(BEGIN)
    assert second.config() == LEFT
    second.close()


def test_the_first_picture_is_made_once_and_the_newest_is_shown_when_the_studio_comes_back(bench):
    begin = BEGIN.changed(steps=1, width=64, height=64)
    first = Studio(bench)
    first.begin(begin)
    run = first.wait(60)
    first.begin(begin)  # the cell is run again
    first.close()
    second = Studio(bench)
    second.begin(begin)
    assert second.wait() is None
    assert bench.artifacts.count() == 1
    assert second.picture.tobytes() == run.image.tobytes()
    assert second.canvas.shown.config == run.config
    states = {stage["name"]: stage["state"] for stage in second.canvas.foot.stages}
    assert states["txt2img"] == "done"
    assert "face" not in states
    second.close()
    bench.artifacts.delete(run.artifact.path)
    third = Studio(bench)
    third.begin(begin)
    assert third.picture is None
    third.close()


def test_a_notebook_that_begins_otherwise_is_obeyed(bench):
    first = Studio(bench)
    first.begin(BEGIN)
    first.form.show(LEFT)
    first.close()
    second = Studio(bench)
    second.begin(BEGIN.changed(steps=5))
    assert second.config() == BEGIN.changed(steps=5)
    second.begin(BEGIN.changed(steps=5))  # the cell is run again
    second.close()


def test_an_impossible_value_is_not_kept(studio):
    studio.form.show(LEFT)
    studio.form.set({"width": -8})
    assert studio._saved.load()[0] == LEFT


def test_a_checkpoint_that_is_gone_is_told_at_generate_and_the_studio_opens(bench, press_in):
    SavedState(bench.artifacts.folder).save(LEFT.changed(checkpoint="pony"), None)
    studio = Studio(bench)
    assert studio.form.value("checkpoint") == "pony"
    press_in(studio, "generate")
    assert "No checkpoint 'pony'" in studio.form.said("checkpoint")
    studio.close()


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path):
    (tmp_path / "outputs").write_text("in the way")
    saved = SavedState(tmp_path / "outputs")
    with pytest.raises(ArtifactError, match="cannot be saved in outputs/"):
        saved.save(LEFT, None)
    saved.save(LEFT, None)
    (tmp_path / "outputs").unlink()
    saved.save(LEFT, None)
    assert saved.load()[0] == LEFT


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "studio.json")
    assert SavedState(tmp_path).load() is None
