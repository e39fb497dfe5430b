"""What is bound to one picture and in force is seen beside Generate, and can be removed."""

import pytest
from PIL import Image

from widgets.in_force import InForce, bound_in

BOX = {"box": [0, 0, 16, 16]}


@pytest.fixture
def form(studio):
    return studio.form


@pytest.fixture
def chips(form):
    return InForce(form, lambda error, trace: pytest.fail(trace))


def labels(chips):
    return [chip.description for chip in chips.children]


def test_without_anything_there_is_no_chip(chips):
    assert labels(chips) == []
    assert chips.layout.display == "none"


def test_what_is_in_force_has_a_chip_that_removes_it(form, chips, studio):
    picture = studio.bench.keep(Image.new("RGB", (64, 64)))
    unit = {"model": "lines", "image": picture, "enabled": True}
    form.set(
        {
            "image": picture,
            "use": "inpaint",
            "inpaint.mask": picture,
            "face.enabled": True,
            "face.detections": [BOX, BOX],
            "hand.mask": picture,  # the stage is off
            "control": [unit],
        }
    )
    assert labels(chips) == ["Start picture ✕", "Mask ✕", "Control picture ✕", "2 boxes of Face ✕"]
    for _ in range(4):
        chips.children[-1].click()
    assert (form.mode, form.value("face.detections")) == ("txt2img", None)
    assert form.value("control") == [unit | {"image": None}]
    assert labels(chips) == []


def test_what_is_off_is_not_in_force(form):
    form.set({"face.detections": [BOX], "control": [{"image": "1" * 64, "enabled": False}]})
    assert bound_in(form) == []
    form.set({"face.enabled": True, "face.mask": "1" * 64})
    assert [one.label for one in bound_in(form)] == ["1 box of Face", "Mask of Face"]
