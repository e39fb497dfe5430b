"""A field's picture is shown small, with what a ControlNet gets of it; files are taken."""

import time
from io import BytesIO

import pytest
import torch
from PIL import Image

from medialab import Workbench
from medialab.errors import PictureError
from tests.tiny.detectors import tiny_depth, tiny_pose
from widgets.canvas import encode_png
from widgets.form_pictures import FormPictures, changes_of, unit_of
from widgets.form_values import FormValues

SOON = 60  # seconds
PHOTO = Image.radial_gradient("L").resize((400, 300)).convert("RGB")


@pytest.fixture
def values():
    return FormValues(lambda _: {})


@pytest.fixture
def pictures(bench, values):
    return FormPictures(bench, values, values.set)


class Sheet:
    """What a sheet is sent."""

    def __init__(self):
        self.fields = [{"name": "control"}]
        self.sent = []

    def send_thumbnail(self, field, name, thumbnail):
        self.sent.append((field, name, thumbnail))


def test_a_file_is_stored_and_used_for_its_field(pictures, values, bench):
    pictures.take("image", encode_png(PHOTO))
    assert bench.pictures.load(values.value("image")).size == (400, 300)
    pictures.use("image", None)
    assert values.value("image") is None
    with pytest.raises(PictureError):
        pictures.take("image", b"no picture")


def test_a_unit_has_a_picture_of_its_own_and_what_becomes_of_it(pictures, values, bench):
    values.set({"control": [{"model": "a"}, {"model": "b", "preprocessor": "invert"}]})
    pictures.take("control.1.image", encode_png(PHOTO))
    name = values.value("control")[1]["image"]
    assert values.value("control")[0] == {"model": "a"}
    shown = pictures.thumbnail("control.1.image", name, Sheet())
    assert shown.about == "400 × 300"
    assert Image.open(BytesIO(shown.prepared)).size == (192, 144)
    assert Image.open(BytesIO(shown.prepared)).getpixel((96, 72)) > (200, 200, 200)


def test_what_a_controlnet_is_shown_follows_its_preprocessor(pictures, values, bench):
    name = bench.keep(PHOTO)
    values.set({"control": [{"model": "a", "image": name}]})
    sheet = Sheet()
    assert pictures.thumbnail("control.0.image", name, sheet).prepared == b""  # as it is
    pictures.refresh(sheet)
    assert sheet.sent == []
    values.set({"control": [{"model": "a", "image": name, "preprocessor": "invert"}]})
    pictures.refresh(sheet)
    ((field, sent, thumbnail),) = sheet.sent
    assert (field, sent) == ("control.0.image", name)
    assert thumbnail.prepared
    values.set({"control": []})
    pictures.refresh(sheet)
    assert len(sheet.sent) == 1


@pytest.mark.parametrize("kind", ["depth", "pose"])
def test_what_takes_a_model_is_made_by_the_worker_and_follows(kind, values, tmp_path):
    torch.manual_seed(0)
    network, processor = {"depth": tiny_depth, "pose": tiny_pose}[kind]()
    for part in (network, processor):
        part.save_pretrained(tmp_path / "models" / "detectors" / "mine")
    unit = {"model": "a", "preprocessor": kind, "preprocessor_model": "mine"}
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        pictures, sheet = FormPictures(bench, values, values.set), Sheet()
        name = bench.keep(PHOTO)
        values.set({"control": [unit | {"image": name}]})
        at_once = pictures.thumbnail("control.0.image", name, sheet)
        end = time.monotonic() + SOON
        while not sheet.sent and time.monotonic() < end:
            time.sleep(0.01)
    assert at_once.prepared == b""
    ((field, sent, thumbnail),) = sheet.sent
    assert (field, sent, thumbnail.image) == ("control.0.image", name, at_once.image)
    assert Image.open(BytesIO(thumbnail.prepared)).size == (192, 144)


def test_only_units_have_numbers(values):
    values.set({"face.control": [{"model": "a"}]})
    assert unit_of(values, "face.control.0.image") == {"model": "a"}
    assert unit_of(values, "face.control.7.image") is None
    assert unit_of(values, "face.mask") is None
    assert changes_of(values, "face.mask", "x") == {"face.mask": "x"}
    assert changes_of(values, "face.control.0.image", "x") == {
        "face.control": [{"model": "a", "image": "x"}]
    }


def test_a_picture_for_a_list_is_added_at_its_end(pictures, values, bench):
    red, blue = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    for one in (red, blue, red):
        pictures.take("instruct.references", one)
    assert values.value("instruct.references") == [bench.keep(one) for one in (red, blue, red)]
