"""A numpy array is a picture, by its shape and the range of its numbers."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from medialab.errors import PictureError
from medialab.pictures.arrays import picture_of_array
from medialab.pictures.intake import normalise

MASK = np.zeros((6, 8), np.uint8)
MASK[2:4, 3:5] = 255


@pytest.mark.parametrize(
    "same",
    [
        MASK > 0,
        MASK.astype(int),
        MASK // 255,
        MASK.astype(float),
        MASK / 255,
        (MASK / 255).astype(np.float16),
        MASK.astype(np.uint16) * 257,
        (MASK.astype(np.uint16) * 257).astype(">u2"),
        torch.from_numpy(MASK),
        MASK[..., None],
    ],
    ids=[
        "bool",
        "int64",
        "0 and 1",
        "0 to 255",
        "0 to 1",
        "float16",
        "uint16",
        "other bytes first",
        "tensor",
        "one",
    ],
)
def test_a_mask_of_any_type_is_the_same_picture(same):
    assert picture_of_array(same).tobytes() == MASK.tobytes()


@given(
    arrays.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    ),
    st.floats(-9e-4, 9e-4),
)
def test_fractions_that_miss_0_and_1_by_a_rounding_are_fractions(array, missed):
    """Resizing leaves 1.0000001, of which a picture was made that was all black."""
    levels = np.asarray(picture_of_array(array)).astype(int)
    moved = np.asarray(picture_of_array(array.astype(np.float64) + missed)).astype(int)
    assert np.abs(levels - moved).max() <= 1
    assert ((array > 0) == (moved > 10)).all()


def test_a_dark_picture_in_colour_is_no_mask():
    dark = np.ones((6, 8, 3), np.uint8)
    assert picture_of_array(dark).tobytes() == dark.tobytes()


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, np.bool_, np.complex64, np.str_]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    )
)
def test_any_array_is_a_picture_or_an_error_of_ours(array):
    try:
        picture = normalise(array).image
    except PictureError:
        return
    assert picture.size == array.shape[1::-1]


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((3, 8, 8)), r"shape \(3, 8, 8\) is no picture; give \(height, width\)"),
        (np.full((8, 8), 300), "go from 300 to 300; a picture's go from 0 to 255"),
        (np.full((8, 8), -1.0), "go from -1 to -1"),
        (np.full((8, 8), np.nan), "go from nan"),
        (np.full((8, 8), 1.3), "go from 1.3 to 1.3; .* or from 0 to 1 as fractions"),
        (np.array([["a"]]), "give numbers"),
        (np.zeros((0, 8)), "has no pixels"),
    ],
)
def test_what_is_none_is_refused_with_what_to_give(array, told):
    with pytest.raises(PictureError, match=told):
        picture_of_array(array)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (torch.zeros(8, 8, requires_grad=True), "this Tensor is no numpy array: Can't call numpy"),
        (torch.zeros(8, 8, dtype=torch.bfloat16), "this Tensor is no numpy array: .*BFloat16"),
        (torch.zeros(8, 8, device="meta"), "this Tensor is no numpy array: "),
    ],
    ids=["with a gradient", "bfloat16", "elsewhere"],
)
def test_a_tensor_that_numpy_cannot_read_is_refused_with_the_reason(given, told):
    with pytest.raises(PictureError, match=told):
        normalise(given)


def test_a_path_and_a_content_of_numpys_text_are_a_path_and_a_content(tmp_path):
    path = tmp_path / "mask.png"
    picture_of_array(MASK).save(path)
    for one in (np.str_(path), np.bytes_(path.read_bytes())):
        assert normalise(one).image.tobytes() == MASK.tobytes()


@pytest.mark.parametrize("shape", [(2000, 2000), (4_000_000, 1)])
def test_a_large_array_is_converted_in_parts(shape):
    """As fractions of 64 bits, all at once, it would take 16 times its memory."""
    array = np.full(shape, 128, np.uint8)
    tracemalloc.start()
    try:
        picture = picture_of_array(array)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert picture.getextrema() == (128, 128)
    assert most < 3 * max(array.nbytes, 8 * 2**20)


def test_a_workbench_keeps_a_picture_in_every_form_that_a_notebook_has(bench):
    from medialab import PipelineConfig

    run = bench.execute(PipelineConfig(prompt="a hat", seed=1, steps=1))
    path = run.artifact.path
    forms = (run, run.artifact, run.image, np.asarray(run.image), path, str(path))
    assert len({bench.keep(one) for one in (*forms, path.read_bytes())}) == 1
    assert bench.artifacts.load(run.artifact) == bench.artifacts.load(path)
    for other in (None, 7, [run.image]):
        with pytest.raises(PictureError, match="is no picture; give an image of PIL, a numpy"):
            bench.keep(other)
