"""Enhance: from a picture of anywhere, with a mask, by stages, back into the settings."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from medialab.errors import PictureError

SECONDS = 120


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def photo():
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8))


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
