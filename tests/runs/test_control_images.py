"""What a ControlNet will be shown of its picture can be seen before any run."""

import numpy as np
import pytest
from PIL import Image

from medialab.errors import ConfigError
from medialab.settings.control_units import ControlUnit


@pytest.fixture
def square():
    image = Image.new("RGB", (1600, 800), "black")
    image.paste("white", (400, 200, 1200, 600))
    return image


def unit(**settings):
    return ControlUnit.model_validate({"model": "lines", **settings})


def test_a_picture_is_shown_as_its_preprocessor_prepares_it(bench, square):
    name = bench.keep(square)
    plain = bench.control_image(unit(image=name))
    assert plain.size == (768, 384)
    edges = np.asarray(bench.control_image(unit(image=name, preprocessor="invert")))
    assert edges[0, 0].tolist() == [255, 255, 255]
    assert edges[190, 380].tolist() == [0, 0, 0]


def test_without_a_picture_of_its_own_there_is_nothing_to_show(bench):
    with pytest.raises(ConfigError, match="'lines' has no picture of its own") as refusal:
        bench.control_image(unit())
    assert refusal.value.setting == "control"
