"""The detections of a run are boxes on its picture, edited and drawn again."""

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.stages.detailer.edits import DetectionEdit
from widgets.canvas import Canvas, CanvasContent, encode_png
from widgets.detection_boxes import DetectionBoxes

SECONDS = 120
FILE = encode_png(Image.new("RGB", (12, 8), "teal"))
EDIT = DetectionEdit(label="face", box=(1, 2, 5, 6))
OTHER = DetectionEdit(label="hand", box=(0, 0, 3, 3))


@pytest.fixture
def redrawn():
    return []


@pytest.fixture
def canvas(tmp_path, redrawn):
    """One without a run; `redrawn` holds what was asked for."""
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        made = Canvas()
        DetectionBoxes(bench, made, lambda *asked: redrawn.append(asked))
        yield made


def boxes(canvas):
    return [box["box"] for box in canvas.viewer.boxes]


def redraw(canvas):
    for callback in canvas.viewer._heard_redraw:
        callback(canvas.viewer.boxes)


def test_a_picture_without_detections_has_no_boxes(canvas):
    canvas.show(CanvasContent([FILE], config=PipelineConfig()))
    assert (canvas.viewer.box_sets, canvas.viewer.box_set, boxes(canvas)) == ([], "", [])


def test_boxes_are_those_of_the_chosen_stage_and_are_handed_on_as_edited(canvas, redrawn):
    found = {"face": [EDIT], "body": [], "hand": [OTHER]}
    canvas.show(CanvasContent([FILE], config=PipelineConfig(), detections=found))
    assert [(one["name"], one["count"]) for one in canvas.viewer.box_sets] == [
        ("face", 1),
        ("hand", 1),
    ]
    assert (canvas.viewer.box_set, boxes(canvas)) == ("face", [[1, 2, 5, 6]])
    for callback in canvas.viewer._heard_box_set:
        callback("hand")
    assert (canvas.viewer.box_set, boxes(canvas)) == ("hand", [[0, 0, 3, 3]])
    canvas.viewer.boxes = [{**canvas.viewer.boxes[0], "box": [1, 1, 4, 4]}]
    redraw(canvas)
    ((stage, handed),) = redrawn
    assert (stage, [one["box"] for one in handed]) == ("hand", [[1, 1, 4, 4]])


def test_the_next_picture_has_no_boxes_of_the_one_before(canvas):
    canvas.show(CanvasContent([FILE], config=PipelineConfig(), detections={"face": [EDIT]}))
    canvas.show(CanvasContent([FILE], config=PipelineConfig()))
    assert (canvas.viewer.boxes, canvas.viewer.box_sets) == ([], [])


def test_of_a_batch_only_the_first_picture_has_boxes(canvas):
    found = {"face": [EDIT]}
    canvas.show(CanvasContent([FILE, FILE], config=PipelineConfig(), detections=found))
    assert boxes(canvas) == [[1, 2, 5, 6]]
    canvas.viewer._open_tile(1)
    assert boxes(canvas) == []
    canvas.viewer._open_tile(0)
    assert boxes(canvas) == [[1, 2, 5, 6]]


def test_a_cancelled_run_leaves_edited_boxes(canvas):
    canvas.show(CanvasContent([FILE], config=PipelineConfig(), detections={"face": [EDIT]}))
    canvas.viewer.boxes = [{**canvas.viewer.boxes[0], "box": [1, 1, 4, 4]}]
    canvas.show_starting()
    canvas.show_cancelled()
    assert boxes(canvas) == [[1, 1, 4, 4]]


def test_edited_boxes_are_drawn_again_and_fit_a_picture_that_was_enlarged(drawn):
    edit = DetectionEdit(label="face", box=(16, 16, 80, 80))
    changes = {
        "face": {"enabled": True, "detections": [edit]},
        "upscaler": {"enabled": True, "scale": 2.0},
    }
    drawn.rerun("face", changes)
    assert drawn.wait(SECONDS).image.size == (256, 256)
    assert boxes(drawn.canvas) == [[32, 32, 160, 160]]
    (box,) = drawn.canvas.viewer.boxes
    drawn.canvas.viewer.boxes = [{**box, "box": [16, 16, 128, 128], "denoising_strength": 0.9}]
    redraw(drawn.canvas)
    (used,) = drawn.wait(SECONDS).config.face.detections
    assert (used.box, used.denoising_strength) == ((8, 8, 64, 64), 0.9)
