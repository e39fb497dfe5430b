"""One ControlNet's settings."""

import pytest

from medialab.settings.control_units import ControlUnit


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"weight": 0}, False),
        ({"start": 0.4, "end": 0.4}, False),
    ],
)
def test_one_that_has_no_effect_does_not_count(settings, counts):
    assert ControlUnit(model="lines", **settings).counts is counts


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": 0.6, "end": 0.4}, "start 0.6 is after end 0.4"),
        ({"preprocessor": "depth"}, "depth needs preprocessor_model, a depth model in"),
        ({"preprocessor": "pose"}, "pose needs preprocessor_model, a pose model in"),
        ({"model": ""}, "at least 1 character"),
    ],
)
def test_one_that_cannot_be_made_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ControlUnit(**{"model": "lines"} | settings)
