"""The start picture of Enhance is taken from the canvas or the disk, and told of in words."""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.pictures.store import PictureStore
from medialab.stages import MODES
from widgets.source import ENHANCE, SourcePanel


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "inputs")


@pytest.fixture
def picture(store):
    return store.keep(Image.new("RGB", (64, 96), "teal"))


@pytest.fixture
def panel(store, context, picture):
    """One over a canvas that shows the picture."""
    return SourcePanel(store, context.__class__(**{**vars(context), "shown": lambda: picture}))


def test_without_a_picture_the_panel_says_what_to_do(panel):
    assert "No start picture yet" in panel.said.value
    assert panel.thumbnail.layout.display == "none"
    assert (panel.read()["mode"], panel.read()["image"]) == (ENHANCE, None)


def test_the_picture_on_the_canvas_is_used_and_shown_small(panel, picture, press_in):
    press_in(panel, "source-take")
    assert panel.read()["image"] == picture
    assert panel.said.value == "64 × 96"
    assert panel.thumbnail.layout.display is None
    assert bytes(panel.thumbnail.value).startswith(b"\xff\xd8")  # a JPEG
    panel.image = None
    assert "No start picture yet" in panel.said.value


def test_a_path_is_opened_and_its_field_is_empty_again(panel, tmp_path, store):
    Image.new("RGB", (20, 30), "red").save(tmp_path / "red.png")
    panel.path.value = f"  {tmp_path / 'red.png'} "
    assert panel.path.value == ""
    assert store.size(panel.image) == (20, 30)


def test_a_request_is_read_back_and_one_without_a_picture_changes_nothing(panel, picture):
    config = PipelineConfig(mode="img2img", image=picture)
    panel.show(dict(config))
    assert (panel.read()["mode"], panel.read()["image"]) == ("img2img", picture)
    panel.show(dict(PipelineConfig()))
    assert (panel.read()["mode"], panel.read()["image"]) == ("img2img", picture)


def test_each_change_is_told(panel, picture):
    told = []
    panel.on_change(lambda: told.append((panel.mode.value, panel.image)))
    panel.image = picture
    panel.mode.value = "inpaint"
    assert told == [(ENHANCE, picture), ("inpaint", picture)]


def test_every_use_but_text_to_image_is_offered(panel):
    assert {value for _, value in panel.mode.options} == {ENHANCE, *MODES} - {"txt2img"}
