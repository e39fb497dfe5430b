"""How much of a job is made, as A1111's clients are told."""

import pytest

from medialab.api.http.a1111.watching import _share


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ({}, 0.0),
        ({"image": 1, "images": 1, "step": 5, "steps": 20}, 0.25),
        ({"image": 3, "images": 4, "step": 10, "steps": 20}, 0.625),
        # Four of eight at once, half of which is done: each of them tells the same.
        ({"image": 1, "images": 8, "step": 10, "steps": 20, "together": 4, "place": 1}, 0.25),
        ({"image": 4, "images": 8, "step": 10, "steps": 20, "together": 4, "place": 4}, 0.25),
        ({"image": 8, "images": 8, "step": 20, "steps": 20, "together": 4, "place": 4}, 1.0),
    ],
)
def test_the_share_counts_pictures_and_steps(told, share):
    assert _share(told) == share
