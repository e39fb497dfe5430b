"""In the panel what came with a picture stays with it: a line says so, a button brings it back."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
FACE = {"enabled": True, "detector": "centre", "grow": 0, "mask_blur": 0, "guide_size": 64}
CORNER, MIDDLE = [0, 0, 16, 16], [16, 16, 48, 48]


def boxes(run):
    told = {one["name"]: one["applied"] for one in run.record["stages"]}
    return [one["box"] for one in told["face"]["drawn"]]


def noise():
    levels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return Image.fromarray(levels)


@pytest.fixture
def restored(studio, bench):
    """The studio after the settings were taken of a picture whose face a person moved."""
    face = FACE | {"detections": [{"box": CORNER}]}
    run = bench.execute(PipelineConfig.parse(QUICK | {"face": face}))
    studio.importer.show_artifact(run.artifact)
    studio.importer.use_settings()
    return studio


def said(studio):
    line = studio.form.set_aside
    return "" if line.layout.display == "none" else line.text.value


def held(studio):
    return studio.config().face.detections


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "a red car on the beach"),
        pytest.param("seed", 8, marks=pytest.mark.thorough),
        pytest.param("width", 72, marks=pytest.mark.thorough),
    ],
)
def test_boxes_of_a_picture_are_set_aside_for_another_and_back_with_their_own(
    restored, name, value
):
    before = restored.form.value(name)
    assert [find.box for find in held(restored)] == [tuple(CORNER)]
    assert said(restored) == ""
    restored.form.set({name: value})
    assert held(restored) is None
    assert "the edited boxes of Face" in said(restored)
    restored.form.set({name: before})
    assert [find.box for find in held(restored)] == [tuple(CORNER)]
    assert said(restored) == ""


def test_the_next_prompts_picture_has_no_face_of_the_one_before(restored, press):
    restored.form.set({"prompt": "a red car on the beach"})
    press("generate")
    assert boxes(restored.wait()) == [MIDDLE]
    press("use-them-here")
    assert said(restored) == ""
    press("generate")
    run = restored.wait()
    assert boxes(run) == [CORNER]
    # They are this picture's from now on.
    restored.importer.show_artifact(run.artifact)
    restored.importer.use_settings()
    restored.form.set({"seed": 9})
    assert held(restored) is None


def test_other_settings_leave_them_where_they_are(restored):
    restored.form.set({"steps": 3})
    restored.form.set({"face.denoising_strength": 0.9})
    assert held(restored) is not None
    assert said(restored) == ""


def test_what_the_form_cannot_know_the_run_sets_aside_and_the_button_draws_it(restored, press):
    """Another number of steps makes another picture, too."""
    restored.form.set({"steps": 3})
    press("generate")
    assert boxes(restored.wait()) == [MIDDLE]
    assert "made for another picture" in said(restored)
    press("use-them-here")
    assert boxes(restored.wait()) == [CORNER]
    assert said(restored) == ""


def test_start_picture_mask_and_control_pictures_go_and_come_back_too(studio, bench):
    mask, picture = bench.keep(box_mask(Box(*CORNER), 64, 64)), bench.keep(noise())
    unit = {"model": "lines", "image": picture, "enabled": False}
    config = PipelineConfig.parse(
        QUICK | {"mode": "inpaint", "image": picture, "inpaint": {"mask": mask}, "control": [unit]}
    )
    run = bench.execute(config)
    studio.importer.show_artifact(run.artifact)
    studio.importer.use_settings()
    assert studio.config().image == picture
    studio.form.set({"prompt": "a car"})
    now = studio.config()
    assert (now.image, now.inpaint.mask, now.control[0].image) == (None, None, None)
    assert all(
        words in said(studio) for words in ("start picture", "mask of Inpaint", "control pictures")
    )
    # A mask that is painted meanwhile is the person's own.
    own = bench.keep(box_mask(Box(*MIDDLE), 64, 64))
    studio.form.set({"inpaint.mask": own})
    studio.belongings.bring_back()
    now = studio.config()
    assert (now.image, now.inpaint.mask, now.control[0].image) == (picture, own, picture)
    studio.form.set({"prompt": "a house"})
    assert studio.config().image == picture


def test_another_start_picture_sets_the_mask_aside(studio, bench):
    mask, picture = bench.keep(box_mask(Box(*CORNER), 64, 64)), bench.keep(noise())
    config = PipelineConfig.parse(
        QUICK | {"mode": "inpaint", "image": picture, "inpaint": {"mask": mask}}
    )
    run = bench.execute(config)
    studio.importer.show_artifact(run.artifact)
    studio.importer.use_settings()
    studio.form.set({"image": bench.keep(noise().rotate(90))})
    assert studio.config().inpaint.mask is None
    assert "mask of Inpaint" in said(studio)


def test_a_pictures_own_size_is_left_to_the_next_picture(studio, bench):
    run = bench.enhance(Image.new("RGB", (101, 67), "red"), PipelineConfig(seed=1))
    studio.importer.show_artifact(run.artifact)
    studio.importer.use_settings()
    assert (studio.config().width, studio.config().height) == (None, None)


def paint(studio, *box):
    """A mask that a person paints on the picture that is shown."""
    viewer = studio.canvas.viewer
    buffer = BytesIO()
    box_mask(Box(*box), *viewer.size).save(buffer, "PNG")
    viewer.show_mask(buffer.getvalue())
    studio.importer.take_mask(viewer.mask)


def drop(studio, picture):
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    studio.importer.take_dropped("photo.png", buffer.getvalue())


def test_a_painted_mask_stays_with_the_start_picture_that_it_was_painted_on(studio, press):
    drop(studio, noise())
    first = studio.form.value("image")
    paint(studio, *CORNER)
    mask = studio.config().inpaint.mask
    studio.form.set({"prompt": "a hat"})
    assert studio.config().inpaint.mask == mask
    # Another start picture: neither the form nor the canvas has the mask, and there is a way back.
    drop(studio, noise().rotate(90))
    assert studio.config().inpaint.mask is None
    assert studio.canvas.viewer.mask is None
    assert "painted on another start picture" in said(studio)
    studio.form.set({"image": first})
    assert studio.config().inpaint.mask == mask
    assert studio.canvas.viewer.mask is not None
    assert said(studio) == ""
    # Or here all the same.
    drop(studio, noise().rotate(180))
    press("use-them-here")
    assert studio.config().inpaint.mask == mask
    assert studio.config().made_for == {mask: studio.form.value("image")}
    assert said(studio) == ""


def test_a_mask_that_is_painted_anew_is_the_new_pictures(studio):
    drop(studio, noise())
    paint(studio, *CORNER)
    drop(studio, noise().rotate(90))
    paint(studio, *MIDDLE)
    assert studio.config().inpaint.mask is not None
    assert said(studio) == ""


def test_what_is_painted_on_a_result_of_another_size_repaints_that_result(studio, bench):
    drop(studio, noise())
    border = {"left": 32, "right": 0, "denoising_strength": 0.0}
    run = bench.enhance(noise(), PipelineConfig(mode="outpaint", outpaint=border, seed=1))
    studio.importer.show_artifact(run.artifact)
    paint(studio, 0, 0, 32, 64)
    assert bench.pictures.size(studio.form.value("image")) == run.image.size == (96, 64)
    assert studio.config().inpaint.mask is not None


def test_a_mask_painted_on_a_made_picture_shapes_no_part_of_another(studio, bench):
    run = bench.execute(PipelineConfig.parse(QUICK))
    studio.importer.show_artifact(run.artifact)
    studio.importer.use_settings()
    paint(studio, *CORNER)
    mask = studio.config().inpaint.mask
    studio.form.set({"image": None, "face.mask": mask})
    face = FACE | {"mask": mask}
    own = bench.execute(studio.config().changed(face=face), save=False)
    assert boxes(own) == [CORNER]
    studio.form.set({"prompt": "a car"})
    other = bench.execute(studio.config().changed(face=face), save=False)
    assert boxes(other) == [MIDDLE]
    assert [one["setting"] for one in other.set_aside] == ["mask"]
