"""Which output of a classifier tells how much a picture is liked."""

import pytest

from medialab.vision.scorers.aesthetic import label_of_beauty


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"id2label": {"0": "not_aesthetic", "1": "aesthetic"}}, 1),
        ({"id2label": {0: "Aesthetic", 1: "other"}}, 0),
        ({"id2label": {"0": "LABEL_0"}, "problem_type": "regression"}, 0),
        ({"id2label": {"0": "LABEL_0"}}, None),
        ({"id2label": {"0": "cat", "1": "dog"}}, None),
        ({"id2label": ["aesthetic"]}, None),
        ({}, None),
    ],
)
def test_the_output_is_that_of_the_label_or_the_only_one(config, place):
    assert label_of_beauty(config) == place
