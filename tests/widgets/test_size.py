"""Shapes keep the area that a model was trained at, in whole blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab import PipelineConfig
from widgets.size import SHAPES, SizeInput, size_of_shape


@pytest.fixture
def size():
    return SizeInput(lambda error, trace: pytest.fail(trace))


@given(
    native=st.integers(8, 192).map(lambda blocks: blocks * 8),
    shape=st.sampled_from(sorted(SHAPES.values())),
)
def test_a_shape_has_about_the_native_area_in_whole_blocks(native, shape):
    width, height = size_of_shape(native, *shape)
    assert width % 8 == height % 8 == 0
    assert width * height == pytest.approx(native**2, rel=0.2)
    assert (width > height) == (shape[0] > shape[1])


def test_the_models_own_size_is_left_to_the_model(size):
    size.offer(512)
    assert size.read() == {"width": None, "height": None}


def test_another_checkpoint_keeps_the_shape_at_its_own_size(size):
    size.offer(512)
    size.shape.value = "Wide 16:9"
    small = size.read()
    size.offer(1024)
    assert size.read() != small
    assert size.shape.value == "Wide 16:9"


def test_a_size_that_is_no_shape_is_shown_as_numbers(size):
    size.offer(128)
    size.show(PipelineConfig(width=200, height=96))
    assert size.read() == {"width": 200, "height": 96}


def test_another_size_starts_at_the_models_own(size):
    size.offer(128)
    size.shape.value = "other"
    assert size.read() == {"width": 128, "height": 128}


def test_one_missing_side_is_the_models_own(size):
    size.offer(128)
    size.show(PipelineConfig(width=200))
    assert size.read() == {"width": 200, "height": 128}


def test_without_a_known_size_only_free_numbers_are_offered(size):
    size.offer(None)
    assert [label for label, _ in size.shape.options] == ["The model's own", "Another size…"]


def test_a_shape_shows_its_numbers_and_numbers_find_their_shape(size):
    size.offer(512)
    size.shape.value = "Wide 16:9"
    assert (size.width.value, size.height.value) == size_of_shape(512, 16, 9)
    size.width.value, size.height.value = size_of_shape(512, 3, 4)
    assert size.shape.value == "Portrait 3:4"
    size.width.value = 520
    assert size.shape.value == "other"
    assert size.read() == {"width": 520, "height": size_of_shape(512, 3, 4)[1]}


def test_swap_turns_a_shape_into_its_counterpart(size):
    size.offer(512)
    size.shape.value = "Landscape 4:3"
    size.swap.click()
    assert size.shape.value == "Portrait 3:4"


def test_a_locked_ratio_is_kept_from_either_side_in_whole_blocks(size):
    size.offer(512)
    size.shape.value = "Landscape 4:3"
    size.width.value, size.height.value = 640, 480
    size.lock.value = True
    size.width.value = 320
    assert size.height.value == 240
    size.height.value = 720
    assert size.width.value == 960
    size.width.value = 100
    assert size.height.value % 8 == 0
    size.lock.value = False
    size.width.value = 512
    assert size.height.value == 72


def test_a_change_of_both_sides_is_told_of_once(size):
    size.offer(512)
    told = []
    size.observe(lambda change: told.append(change["new"]), "value")
    size.shape.value = "Wide 16:9"
    size.show(PipelineConfig(width=200, height=96))
    assert told == [
        dict(zip(("width", "height"), size_of_shape(512, 16, 9), strict=True)),
        {"width": 200, "height": 96},
    ]
