"""A picture is edited in words, by a checkpoint made for that."""

import pytest
from pydantic import ValidationError

from medialab.stage import Frame
from medialab.stages.instruct import InstructConfig, InstructStage


def test_without_a_picture_there_is_nothing_to_edit():
    empty = Frame()
    assert InstructStage().run(empty, InstructConfig(), None) is empty


@pytest.mark.parametrize("scale", [0.9, 10.1])
def test_the_pictures_guidance_goes_from_1_to_10(scale):
    assert InstructConfig().image_guidance_scale == 1.5
    with pytest.raises(ValidationError, match="image_guidance_scale"):
        InstructConfig(image_guidance_scale=scale)
