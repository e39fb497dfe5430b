"""Below a picture are the tools that fit it: its stages, its boxes, its settings, saving."""

from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.stages.detailer.edits import DetectionEdit
from widgets.canvas import Canvas, CanvasContent, encode_png
from widgets.run_toolbar import RunToolbar

SECONDS = 120
FILE = encode_png(Image.new("RGB", (12, 8), "teal"))
EDIT = DetectionEdit(label="face", box=(1, 2, 5, 6))


@pytest.fixture
def toolbar(tmp_path):
    """One over a canvas without a run; `pressed` on it holds what its buttons asked for."""
    pressed = []
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        made = RunToolbar(
            bench,
            Canvas(),
            lambda *asked: pressed.append(asked),
            lambda: pressed.append("use"),
            lambda: pressed.append("keep"),
            lambda error, trace: pytest.fail(trace),
        )
        made.pressed = pressed
        yield made


def show(toolbar, **content):
    toolbar._canvas.show(CanvasContent([FILE], **content))
    toolbar.take()


def seen(toolbar):
    names = ("stage", "detailer", "again", "use", "keep")
    return {name for name in names if getattr(toolbar, name).layout.display != "none"}


def test_without_a_picture_there_are_no_tools(toolbar):
    assert seen(toolbar) == set()
    assert toolbar.boxes() == []


def test_a_picture_without_settings_has_no_tools(toolbar):
    show(toolbar)
    assert seen(toolbar) == set()


def test_a_picture_that_is_in_the_history_is_not_saved_again(toolbar, tmp_path):
    show(toolbar, config=PipelineConfig())
    assert seen(toolbar) == {"use", "keep"}
    toolbar.use.click()
    toolbar.keep.click()
    assert toolbar.pressed == ["use", "keep"]
    show(toolbar, config=PipelineConfig(), paths=[tmp_path / "a.png"])
    assert seen(toolbar) == {"use"}


def test_boxes_are_those_of_the_chosen_stage_and_are_handed_on_as_edited(toolbar):
    other = DetectionEdit(label="hand", box=(0, 0, 3, 3))
    show(
        toolbar, config=PipelineConfig(), detections={"face": [EDIT], "hands": [], "hand": [other]}
    )
    assert {"detailer", "again"} <= seen(toolbar)
    assert [value for _, value in toolbar.detailer.options] == ["face", "hand"]
    assert [box["box"] for box in toolbar._canvas.viewer.boxes] == [[1, 2, 5, 6]]
    toolbar.detailer.value = "hand"
    (box,) = toolbar._canvas.viewer.boxes
    assert (box["label"], box["box"]) == ("hand", [0, 0, 3, 3])
    toolbar._canvas.viewer.boxes = [{**box, "box": [1, 1, 4, 4]}]
    toolbar.again.click()
    ((stage, boxes),) = toolbar.pressed
    assert (stage, [one["box"] for one in boxes]) == ("hand", [[1, 1, 4, 4]])


def test_the_next_picture_has_no_boxes_of_the_one_before(toolbar):
    show(toolbar, config=PipelineConfig(), detections={"face": [EDIT]})
    show(toolbar, config=PipelineConfig())
    assert toolbar._canvas.viewer.boxes == []
    assert "detailer" not in seen(toolbar)


def test_the_picture_after_a_stage_is_shown(drawn):
    drawn.form["sharpen"].value = 2.0
    drawn.generate()
    result = drawn.wait(SECONDS)
    toolbar = drawn.toolbar
    assert [label for label, _ in toolbar.stage.options] == ["Result", "After Text to image"]
    toolbar.stage.value = "txt2img"
    shown = Image.open(BytesIO(drawn.canvas.viewer._files["image"]))
    assert shown.tobytes() != result.image.tobytes()
    assert shown.tobytes() == drawn.bench.picture_after(result.config, "txt2img").tobytes()
    toolbar.stage.value = ""
    assert drawn.canvas.viewer._files["image"] == drawn.canvas.picture


def test_finds_are_boxes_and_edited_ones_are_drawn_again(drawn, press):
    edit = DetectionEdit(label="face", box=(16, 16, 80, 80))
    drawn.rerun("face", {"face": {"enabled": True, "detections": [edit]}})
    drawn.wait(SECONDS)
    (box,) = drawn.canvas.viewer.boxes
    assert box["box"] == [16, 16, 80, 80]
    assert [name for _, name in drawn.toolbar.detailer.options] == ["face"]
    drawn.canvas.viewer.boxes = [{**box, "box": [8, 8, 64, 64], "denoising_strength": 0.9}]
    press("draw-again")
    run = drawn.wait(SECONDS)
    (used,) = run.config.face.detections
    assert (used.box, used.denoising_strength) == ((8, 8, 64, 64), 0.9)


def test_boxes_fit_a_picture_that_was_enlarged_afterwards(drawn):
    edit = DetectionEdit(label="face", box=(16, 16, 80, 80))
    changes = {
        "face": {"enabled": True, "detections": [edit]},
        "upscaler": {"enabled": True, "scale": 2.0},
    }
    drawn.rerun("face", changes)
    assert drawn.wait(SECONDS).image.size == (256, 256)
    assert drawn.canvas.viewer.boxes[0]["box"] == [32, 32, 160, 160]
    assert drawn.toolbar.boxes()[0]["box"] == [16, 16, 80, 80]
