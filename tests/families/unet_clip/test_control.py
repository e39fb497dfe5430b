"""What a pipeline that follows ControlNets is given of them."""

import pytest
from PIL import Image

from medialab.families.unet_clip.control import control_inputs
from medialab.settings.control_units import ControlUnit

UNITS = [ControlUnit(model="a", weight=0.5), ControlUnit(model="b", start=0.2, end=0.8)]
PICTURES = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]


def test_several_units_are_told_in_lists_of_one_order():
    told = control_inputs("text-to-image", PICTURES, UNITS)
    assert told == {
        "image": PICTURES,
        "controlnet_conditioning_scale": [0.5, 1.0],
        "control_guidance_start": [0.0, 0.2],
        "control_guidance_end": [1.0, 0.8],
    }


@pytest.mark.parametrize(
    ("task", "name"), [("text-to-image", "image"), ("image-to-image", "control_image")]
)
def test_one_unit_is_told_alone_beside_the_picture_that_is_drawn_over(task, name):
    told = control_inputs(task, PICTURES[:1], UNITS[:1])
    assert told[name] is PICTURES[0]
    assert told["controlnet_conditioning_scale"] == 0.5
    assert len(told) == 4
