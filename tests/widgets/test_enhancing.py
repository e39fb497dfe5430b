"""Enhance: from a picture of anywhere, with a mask, by stages, back into the settings."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import PictureError
from medialab.stages.detailer.edits import DetectionEdit

SECONDS = 120


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def photo():
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8))


@pytest.fixture
def drawn(studio):
    """The studio with a picture of its own."""
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=2))
    studio.generate()
    studio.wait(SECONDS)
    return studio


def drop(studio, name, content):
    for callback in studio.canvas.viewer._heard_drop:
        callback(name, content)


def paint(studio, mask):
    studio.canvas.viewer.show_mask(png(mask))
    for callback in studio.canvas.viewer._heard_mask:
        callback(studio.canvas.viewer.mask)


def half_mask(size=(128, 128)):
    mask = Image.new("L", size, 0)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    return mask


def test_a_file_of_the_disk_is_sharpened_and_compared_with_itself(studio, photo, tmp_path, press):
    photo.save(tmp_path / "photo.png")
    studio.tabs.value = "enhance"
    studio.form.source.path.value = str(tmp_path / "photo.png")
    assert studio.form.source.said.value == "128 × 128"
    studio.form["sharpen"].value = 1.0
    press("generate")
    run = studio.wait(SECONDS)
    assert run.config.mode == "enhance"
    assert run.image.size == photo.size
    assert run.image.tobytes() != photo.tobytes()
    before = Image.open(BytesIO(studio.canvas.viewer._files["before"]))
    assert before.tobytes() == photo.tobytes()


def test_a_missing_file_is_named(studio):
    studio.tabs.value = "enhance"
    studio.form.source.path.value = "nowhere.png"
    assert "nowhere.png" in studio.canvas.error.value


def test_the_picture_shown_becomes_the_source(drawn, press):
    drawn.tabs.value = "enhance"
    press("source-take")
    name = drawn.form.source.image
    assert drawn.bench.pictures.load(name).tobytes() == drawn.wait(SECONDS).image.tobytes()
    drawn.form.source.mode.value = "img2img"
    drawn.form.cards["img2img"].fields["denoising_strength"].value = 0.5
    drawn.generate()
    run = drawn.wait(SECONDS)
    assert (run.config.mode, run.config.image) == ("img2img", name)
    assert run.config.img2img.denoising_strength == 0.5


def test_without_a_picture_taking_and_enhancing_say_what_to_do(studio, press):
    studio.tabs.value = "enhance"
    press("source-take")
    assert "shows no picture yet" in studio.canvas.error.value
    press("generate")
    assert "starts from a picture" in studio.canvas.error.value
    with pytest.raises(PictureError, match="no mask is painted"):
        studio.pictures.keep_mask()


def test_a_dropped_photo_is_shown_and_chosen_for_enhance(studio, photo):
    drop(studio, "photo.png", png(photo))
    assert studio.tabs.value == "enhance"
    assert "mls-task-enhance" in studio._dom_classes
    assert studio.bench.pictures.load(studio.form.source.image).tobytes() == photo.tobytes()
    assert Image.open(BytesIO(studio.canvas.picture)).tobytes() == photo.tobytes()


def test_a_dropped_picture_of_ours_fills_every_setting(drawn):
    run = drawn.wait(SECONDS)
    drawn.form.show(PipelineConfig())
    drop(drawn, "ours.png", run.artifact.path.read_bytes())
    assert drawn.config() == run.config.asked()
    assert "All settings taken from ours.png" in drawn.canvas.notice.value
    drawn.undo.take_back()
    assert drawn.config() == PipelineConfig()


def test_a_painted_mask_repaints_its_half_and_leaves_the_other_alone(drawn):
    first = drawn.wait(SECONDS).image
    paint(drawn, half_mask())
    assert (drawn.tabs.value, drawn.form.source.mode.value) == ("enhance", "inpaint")
    drawn.form.cards["inpaint"].fields["mask_blur"].value = 0
    drawn.form["seed"].value = 99
    drawn.generate()
    run = drawn.wait(SECONDS)
    assert run.config.mode == "inpaint"
    right = (72, 0, 128, 128)
    assert run.image.crop(right).tobytes() == first.crop(right).tobytes()
    assert run.image.tobytes() != first.tobytes()


def test_a_cleared_mask_is_no_mask_and_inpaint_asks_for_one(drawn):
    paint(drawn, half_mask())
    for callback in drawn.canvas.viewer._heard_mask:
        callback(None)
    with pytest.raises(Exception, match="there is no mask to inpaint"):
        drawn.generate()


def test_a_stage_chosen_on_the_strip_runs_again_from_there_with_its_own_inputs(drawn):
    drawn.form["sharpen"].value = 1.5
    drawn.form["prompt"].value = "another prompt, which stands before the stage"
    for callback in drawn.canvas.strip._choose.callbacks:
        callback("finish")
    run = drawn.wait(SECONDS)
    assert (run.config.sharpen, run.config.prompt) == (1.5, "a green tree")
    states = {one["name"]: one["cached"] for one in run.record["stages"]}
    assert states == {"prompt": True, "txt2img": True, "finish": False}


def test_running_again_without_a_picture_of_ours_says_what_to_do(studio, photo):
    with pytest.raises(LookupError, match="choose one in the history"):
        studio.rerun("finish")


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
