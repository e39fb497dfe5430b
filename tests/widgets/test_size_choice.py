"""Sizes are offered in the model's area, and those far from it are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.size_choice import SHAPES, better_size, size_of_shape, size_value, sizes_offered


@given(st.sampled_from([128, 512, 768, 1024]), st.sampled_from(list(SHAPES.values())))
def test_a_shape_has_the_models_area_in_whole_steps(native, shape):
    width, height = size_of_shape(native, *shape)
    assert width % 8 == height % 8 == 0
    assert abs(width * height / native**2 - 1) < 0.15
    assert better_size(width, height, native) is None


def test_the_menu_begins_with_the_models_own_size():
    offered = sizes_offered(512)
    assert offered[0] == ["1:1 · 512 × 512", None]
    assert offered[1] == ["4:3 · 592 × 440", {"width": 592, "height": 440}]
    assert sizes_offered(None) == [["The model's own", None]]


def test_the_models_own_size_in_numbers_is_the_models_own():
    assert size_value(None, None, 512) is None
    assert size_value(512, 512, 512) is None
    assert size_value(512, None, 768) == {"width": 512, "height": 768}


@pytest.mark.parametrize(
    ("size", "native", "better"),
    [
        ((1024, 1024), 128, (128, 128)),
        ((64, 64), 512, (512, 512)),
        ((768, 512), 512, None),
        ((None, None), 512, None),
        ((None, 4096), 512, (184, 1448)),
        ((99999, 99999), None, None),
        ((-8, 512), 512, None),  # told as a fault
        (("wide", 512), 512, None),
    ],
)
def test_a_size_far_from_the_models_has_a_better_one(size, native, better):
    assert better_size(*size, native) == better
