"""Shapes keep the area that a model was trained at, in whole blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab import PipelineConfig
from widgets.size import SHAPES, SizeInput, shaped


@given(
    native=st.integers(8, 192).map(lambda blocks: blocks * 8),
    shape=st.sampled_from(sorted(SHAPES.values())),
)
def test_a_shape_has_about_the_native_area_in_whole_blocks(native, shape):
    width, height = shaped(native, *shape)
    assert width % 8 == height % 8 == 0
    assert width * height == pytest.approx(native**2, rel=0.2)
    assert (width > height) == (shape[0] > shape[1])


def test_the_models_own_size_is_left_to_the_model():
    size = SizeInput()
    size.offer(512)
    assert size.read() == {"width": None, "height": None}


def test_another_checkpoint_keeps_the_shape_at_its_own_size():
    size = SizeInput()
    size.offer(512)
    size.shape.value = "Wide 16:9"
    small = size.read()
    size.offer(1024)
    assert size.read() != small
    assert size.shape.value == "Wide 16:9"


def test_a_size_that_is_no_shape_is_shown_as_numbers():
    size = SizeInput()
    size.offer(128)
    size.show(PipelineConfig(width=200, height=96))
    assert size.read() == {"width": 200, "height": 96}


def test_another_size_starts_at_the_models_own():
    size = SizeInput()
    size.offer(128)
    size.shape.value = "other"
    assert size.read() == {"width": 128, "height": 128}


def test_one_missing_side_is_the_models_own():
    size = SizeInput()
    size.offer(128)
    size.show(PipelineConfig(width=200))
    assert size.read() == {"width": 200, "height": 128}


def test_without_a_known_size_only_free_numbers_are_offered():
    size = SizeInput()
    size.offer(None)
    assert [label for label, _ in size.shape.options] == ["The model's own", "Another size…"]
