"""A numpy array is a picture, by its shape and the range of its numbers."""

import numpy as np
import pytest
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
        MASK.astype(float),
        MASK / 255,
        (MASK / 255).astype(np.float16),
        MASK.astype(np.uint16) * 257,
        MASK[..., None],
    ],
    ids=["bool", "int64", "0 to 255", "0 to 1", "float16", "uint16", "one channel"],
)
def test_a_mask_of_any_type_is_the_same_picture(same):
    assert picture_of_array(same).tobytes() == MASK.tobytes()


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
        (np.array([["a"]]), "give numbers"),
        (np.zeros((0, 8)), "has no pixels"),
    ],
)
def test_what_is_none_is_refused_with_what_to_give(array, told):
    with pytest.raises(PictureError, match=told):
        picture_of_array(array)


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
