"""Enhance: from a picture of anywhere, with a mask, back into the settings."""

from io import BytesIO
from pathlib import Path

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
    studio.importer.start_from_file(tmp_path / "photo.png")
    _small, size = studio.bench.pictures.thumbnail(studio.form.value("image"), 64)
    assert size == (128, 128)
    studio.form.set({"sharpen": 1.0})
    press("generate")
    run = studio.wait(SECONDS)
    assert run.config.mode == "enhance"
    assert run.image.size == photo.size
    assert run.image.tobytes() != photo.tobytes()
    before = Image.open(BytesIO(studio.canvas.viewer._files["left"]))
    assert before.tobytes() == photo.tobytes()


def test_without_a_checkpoint_the_preset_for_photos_is_made_and_a_face_says_what_it_needs(
    studio_over, photo, tmp_path, press_in
):
    (tmp_path / "models").mkdir()
    studio = studio_over(tmp_path / "models")
    drop(studio, "photo.png", png(photo))
    studio.presets.menu._handle_custom_msg({"kind": "use", "name": "Photo"}, [])
    press_in(studio, "generate")
    run = studio.wait(SECONDS)
    assert run.image.size == (256, 256)
    assert (run.config.mode, run.config.colour_balance) == ("enhance", 0.5)
    studio.form.set({"face.enabled": True})
    press_in(studio, "generate")
    said = studio.form.said("checkpoint")
    assert "Put a checkpoint (.safetensors" in said
    assert said.endswith("to have these alone, switch Face off.")


def test_a_missing_file_is_named(studio):
    with pytest.raises(PictureError, match=r"nowhere\.png"):
        studio.importer.start_from_file(Path("nowhere.png"))


def test_the_picture_shown_becomes_the_start_picture(drawn):
    drawn.form.set({"image": drawn.pictures.keep_shown()})
    name = drawn.form.value("image")
    assert drawn.bench.pictures.load(name).tobytes() == drawn.wait(SECONDS).image.tobytes()
    drawn.form.set({"use": "img2img", "img2img.denoising_strength": 0.5})
    drawn.generate()
    run = drawn.wait(SECONDS)
    assert (run.config.mode, run.config.image) == ("img2img", name)
    assert run.config.img2img.denoising_strength == 0.5


def test_inpaint_without_a_mask_says_so_beside_it_with_a_button_to_paint_one(studio, press, photo):
    drop(studio, "photo.png", png(photo))
    studio.form.set({"use": "inpaint"})
    press("generate")
    assert (
        studio.form.said("inpaint.mask") == "There is no mask to inpaint; paint the area to change."
    )
    rows = {row["name"]: row["message"] for row in studio.form.stages.list.rows}
    assert rows["inpaint"] == studio.form.said("inpaint.mask")
    assert studio.canvas.foot.error_text == ""
    studio.form.open_sheet("inpaint")
    sheet = studio.form.stages.place.sheet
    assert sheet.messages["inpaint.mask"]["action"]["label"] == "Paint a mask"
    studio.form._act("inpaint.mask", "next", None)
    assert studio.canvas.viewer.mode == "mask"
    paint(studio, half_mask())
    assert studio.form.said("inpaint.mask") == ""


def test_a_checkpoint_for_another_task_is_changed_by_one_button(studio, press, photo):
    drop(studio, "photo.png", png(photo))
    studio.form.set({"use": "instruct", "steps": 1})
    press("generate")
    assert "is made for" in studio.form.said("checkpoint")


def test_a_painted_mask_repaints_its_half_and_leaves_the_other_alone(drawn):
    first = drawn.wait(SECONDS).image
    paint(drawn, half_mask())
    assert drawn.form.mode == "inpaint"
    drawn.form.set({"inpaint.mask_blur": 0})
    drawn.form.set({"seed": 99})
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
