"""The canvas's picture and its painted mask are stored under a name, once for each picture."""

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import PictureError
from widgets.canvas import Canvas, CanvasContent, encode_png
from widgets.canvas_pictures import CanvasPictures

TEAL = encode_png(Image.new("RGB", (12, 8), "teal"))


@pytest.fixture
def without_models(tmp_path):
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        yield bench


@pytest.fixture
def canvas():
    return Canvas()


@pytest.fixture
def pictures(without_models, canvas):
    return CanvasPictures(without_models, canvas)


def test_the_picture_on_the_canvas_is_stored_and_named(pictures, canvas, without_models):
    canvas.show(CanvasContent([TEAL]))
    name = pictures.keep_shown()
    assert without_models.pictures.load(name).getpixel((3, 3)) == (0, 128, 128)
    assert pictures.name_of_shown() == name
    canvas.show(CanvasContent([encode_png(Image.new("RGB", (12, 8), "red"))]))
    assert pictures.name_of_shown() != name


def test_without_picture_or_mask_it_says_what_to_do(pictures):
    assert pictures.name_of_shown() is None
    with pytest.raises(PictureError, match="generate one, or drop one on it"):
        pictures.keep_shown()
    with pytest.raises(PictureError, match="choose Mask above the picture and paint one"):
        pictures.keep_mask()


def test_a_painted_mask_is_stored_and_shown_again_on_a_picture_of_its_size(pictures, canvas):
    canvas.show(CanvasContent([TEAL]))
    mask = Image.new("L", (12, 8))
    mask.paste(255, (0, 0, 6, 8))
    canvas.viewer.show_mask(encode_png(mask))
    name = pictures.keep_mask()
    pictures.show_mask(None)
    assert canvas.viewer.mask is None
    pictures.show_mask(name)
    assert canvas.viewer.mask is not None
    assert pictures.keep_mask() == name
    pictures.show_mask(None)
    canvas.show(CanvasContent([encode_png(Image.new("RGB", (20, 8)))]))
    pictures.show_mask(name)
    assert canvas.viewer.mask is None


def test_only_a_picture_that_was_made_here_has_an_identity(pictures, canvas):
    assert pictures.made_of_shown() is None
    canvas.show(CanvasContent([TEAL]))
    assert pictures.made_of_shown() is None
    canvas.show(CanvasContent([TEAL], PipelineConfig(seed=7)))
    assert pictures.made_of_shown() is None


def test_the_identity_stays_whatever_is_drawn_over_the_picture(drawn):
    first = drawn.pictures.made_of_shown()
    assert first
    drawn.form.set({"sharpen": 1.0})
    drawn.generate()
    run = drawn.wait(120)
    assert drawn.pictures.made_of_shown() == first
    before = drawn.bench.picture_after(run.config, "txt2img")
    assert drawn.pictures.before(run) == encode_png(before)
    drawn.form.set({"seed": 8})
    drawn.form.set({"sharpen": 0.0})
    drawn.generate()
    assert drawn.pictures.before(drawn.wait(120)) is None
    assert drawn.pictures.made_of_shown() not in {first, None}
