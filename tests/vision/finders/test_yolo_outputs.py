"""What YOLO networks give, in both layouts."""

import numpy as np
import pytest

from medialab.errors import ModelRefusedError
from medialab.vision.finders.yolo_outputs import read_rows

# Middle, size, a chance for each of two classes.
BOXES = [
    (20, 20, 10, 10, 0.9, 0.0),
    (21, 20, 10, 10, 0.8, 0.0),  # the first once more
    (21, 20, 10, 10, 0.0, 0.7),  # there, but of the other class
    (50, 50, 10, 10, 0.01, 0.0),  # far too little confidence
]


def as_values(rows):
    return [(row.number, round(row.confidence, 3), row.edges) for row in rows]


def test_of_boxes_that_cover_each_other_one_of_each_class_stays():
    output = np.float32(BOXES * 4).T  # more boxes than rows, as networks give them
    assert as_values(read_rows(output, 2)) == [
        (0, 0.9, (15, 15, 25, 25)),
        (1, 0.7, (16, 15, 26, 25)),
    ]


def test_boxes_that_have_no_doubles_any_more_are_taken_as_they_are():
    ended = np.float32([(15, 15, 25, 25, 0.9, 0), (16, 15, 26, 25, 0.7, 1), (0, 0, 9, 9, 0.01, 0)])
    assert as_values(read_rows(ended, 2)) == [
        (0, 0.9, (15, 15, 25, 25)),
        (1, 0.7, (16, 15, 26, 25)),
    ]


def test_numbers_of_a_shape_stay_with_their_box():
    boxes = np.float32(BOXES[:1] * 40).T
    shapes = np.full((32, 40), 5, np.float32)
    (row,) = read_rows(np.concatenate([boxes, shapes]), 2)
    assert row.shape.tolist() == [5] * 32


@pytest.mark.parametrize("shape", [(3, 5), (6,), (7, 4)])
def test_other_outputs_are_refused_with_what_they_are(shape):
    with pytest.raises(ModelRefusedError, match="numbers, not boxes as YOLO does"):
        read_rows(np.zeros(shape, np.float32), 2)
